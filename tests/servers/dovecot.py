"""A Dovecot of our own, from the distribution's packages, run as an ordinary user from a folder of its own.

It listens on loopback on free ports: IMAP with and without TLS, and LMTP for deliveries. Nothing outside of its folder
is written. Dovecot will not serve mail as root, so root starts it as ``nobody``.
"""

import grp
import os
import pwd
import re
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import trustme

USER, PASSWORD = "bot", "a-secret-of-the-tests"
PATIENCE = 20.0

CONFIGURATION = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_min_protocol = TLSv1.2
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_username_format = %Ln
mail_location = maildir:{folder}/mail/%n
mail_privileged_group =
first_valid_uid = 1
first_valid_gid = 1
mailbox_idle_check_interval = 1s
postmaster_address = postmaster@valverde.example
passdb {{
  driver = {passdb}
  args = {passdb_arguments}
}}
userdb {{
  driver = static
  args = allow_all_users=yes uid={user} gid={group} home={folder}/home/%n
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service stats {{
  chroot =
}}
"""

OAUTH2 = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
scope = mail
timeout_msecs = 5000
"""


def dovecot_is_here() -> bool:
    """Whether the distribution's packages are installed."""
    return _binary("dovecot") is not None and Path("/usr/lib/dovecot/lmtp").exists()


class Dovecot:
    """The server, for the time of a ``with``."""

    def __init__(self, *, separator: str = "/", prefix: str = "", tokens: str = "") -> None:
        """Starts nothing yet.

        Args:
            separator: between the parts of a folder's name.
            prefix: before the names of personal folders, such as ``INBOX.``.
            tokens: where a token can be shown (RFC 7662); with it, XOAUTH2 is the one way to log in.
        """
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._group = grp.getgrgid(self._user.pw_gid)
        self._separator, self._prefix, self._tokens = separator, prefix, tokens
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Dovecot":
        self.folder = Path(tempfile.mkdtemp(prefix="mailbot-dovecot-"))
        self.ca_file = self.folder / "ca.pem"
        self.imap_port, self.imaps_port, self.lmtp_port = _free_ports(3)
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir()
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(self.ca_file)
        issued.private_key_pem.write_to_path(self.folder / "key.pem")
        for number, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(self.folder / "cert.pem", append=number > 0)
        (self.folder / "oauth2.conf").write_text(OAUTH2.format(url=self._tokens))
        (self.folder / "dovecot.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                user=self._user.pw_name,
                group=self._group.gr_name,
                mechanisms="xoauth2" if self._tokens else "plain login",
                passdb="oauth2" if self._tokens else "static",
                passdb_arguments=self.folder / "oauth2.conf" if self._tokens else f"password={PASSWORD}",
                separator=self._separator,
                prefix=self._prefix,
                imap=self.imap_port,
                imaps=self.imaps_port,
                lmtp=self.lmtp_port,
            )
        )
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGKILL)
        if kind is not None:
            sys.stderr.write(self.log())
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        command = [str(_binary("dovecot")), "-F", "-c", str(self.folder / "dovecot.conf")]
        drop = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        with (self.folder / "stderr").open("ab") as said:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                **(drop if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
            )
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.imap_port), 1) as greeted:
                    greeted.settimeout(PATIENCE)
                    if greeted.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"Dovecot does not start: {self.log()}")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Ends it and every session, which says goodbye (SIGTERM, and takes a second) or not (SIGKILL)."""
        if self._process is not None:
            # The master alone would leave sessions that wait in IDLE to themselves for ten seconds.
            os.killpg(self._process.pid, by)
            self._process.wait(PATIENCE)
            self._process = None

    def deliver(self, raw: bytes, user: str = USER) -> None:
        """Delivers a mail as a mail server would, by LMTP."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as lmtp:
            lmtp.sendmail("somebody@posta.example", [f"{user}@valverde.example"], raw)

    def renumber(self, user: str = USER) -> None:
        """Gives the inbox another UIDVALIDITY and its mails other numbers, as after a move to another machine."""
        listing = self.folder / "mail" / user / "dovecot-uidlist"
        before = re.search(r"\bV(\d+)", listing.read_text())
        assert before is not None
        for path in listing.parent.glob("dovecot*"):
            path.unlink()
        listing.write_text(f"3 V{int(before[1]) + 1000} N1 G{secrets.token_hex(16)}\n")
        os.chown(listing, self._user.pw_uid, self._user.pw_gid)

    def log(self) -> str:
        """What it has to say about itself."""
        said = [self.folder / "log", self.folder / "stderr"]
        return "\n".join(path.read_text(errors="replace") for path in said if path.exists())


def _binary(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _free_ports(count: int) -> list[int]:
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listening]
    for listener in listening:
        listener.close()
    return ports
