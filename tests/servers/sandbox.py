"""Runs a command inside the restrictions of a unit, where no systemd runs: ``python -m tests.servers.sandbox``.

The list of system calls is the unit's own, and a call that is not on it ends the process (the unit only refuses it:
here nothing must go unnoticed). ``RestrictAddressFamilies=``, ``MemoryDenyWriteExecute=``, ``RestrictNamespaces=`` and
``NoNewPrivileges=`` are made as systemd makes them, with the library that it uses (libseccomp). Where user namespaces
may be made, the file system is read-only but for the folders named, the user is nobody in particular, and nothing is
left of root's capabilities (``ProtectSystem=strict``, ``DynamicUser=``, ``CapabilityBoundingSet=``).
"""

import ctypes
import ctypes.util
import errno
import os
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.servers.units import settings, system_calls

KILL_PROCESS, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
NOT_EQUAL, MASKED_EQUAL = 1, 7
NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW*: every kind of namespace."""
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, RDONLY = 442, -100, 0x8000, 1
PR_SET_NO_NEW_PRIVS = 38
PROT_WRITE, PROT_EXEC = 2, 4
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("spread", ctypes.c_uint64),
        ("fd", ctypes.c_uint64),
    )


def _must(result: int, doing: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{doing}: {os.strerror(ctypes.get_errno())}")


@cache
def namespaces_are_allowed() -> bool:
    """Whether this user may make such a world; tried in another process, because it cannot be undone."""
    trying = "from tests.servers.sandbox import read_only_but_for; read_only_but_for([])"
    return subprocess.run([sys.executable, "-c", trying], capture_output=True, check=False).returncode == 0


def read_only_but_for(folders: list[Path]) -> None:
    """Makes a world in which these folders alone can be written, and this process is nobody with all capabilities."""
    outside = os.geteuid(), os.getegid()
    _must(_libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {outside[0]} 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {outside[1]} 1")
    _must(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "private mounts")
    for folder in folders:
        _must(_libc.mount(os.fsencode(folder), os.fsencode(folder), None, MS_BIND, None), "bind")
    _set_attributes(Path("/"), AT_RECURSIVE, _Attributes(set=RDONLY))
    for folder in folders:
        _set_attributes(folder, 0, _Attributes(clear=RDONLY))


def _set_attributes(path: Path, flags: int, wanted: _Attributes) -> None:
    done = _libc.syscall(MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), flags, ctypes.byref(wanted), ctypes.sizeof(wanted))
    _must(done, f"read-only {path}")


def filter_calls(unit: Path, without: set[str]) -> None:
    """Lets this process, and what it becomes, make the unit's system calls and no others."""
    library = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    for name in ("seccomp_load", "seccomp_rule_add_array"):
        getattr(library, name).argtypes = {
            "seccomp_load": [ctypes.c_void_p],
            "seccomp_rule_add_array": [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p],
        }[name]
    _must(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    # As systemd does it, each restriction is a filter of its own; of all filters the strictest answer counts.
    said = dict(settings(unit))
    refused: list[tuple[str, int, tuple[_Comparison, ...]]] = []
    if families := said.get("RestrictAddressFamilies"):
        no_such = ERRNO | errno.EAFNOSUPPORT
        known = [getattr(socket, name) for name in families.split()]
        refused += [
            ("socket", no_such, (_Comparison(0, MASKED_EQUAL, 0xFFFFFFFF, family),))
            for family in range(64)
            if family not in known
        ]
    not_permitted = ERRNO | errno.EPERM
    if said.get("MemoryDenyWriteExecute") == "yes":
        both = PROT_WRITE | PROT_EXEC
        refused += [
            ("mmap", not_permitted, (_Comparison(2, MASKED_EQUAL, both, both),)),
            ("mprotect", not_permitted, (_Comparison(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC),)),
            ("pkey_mprotect", not_permitted, (_Comparison(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC),)),
        ]
    if said.get("RestrictNamespaces") == "yes":
        refused += [("unshare", not_permitted, ()), ("setns", not_permitted, ())]
        refused += [
            ("clone", not_permitted, (_Comparison(0, MASKED_EQUAL, 1 << bit, 1 << bit),))
            for bit in range(32)
            if NEW_NAMESPACES >> bit & 1
        ]
    _load(library, ALLOW, refused)
    # The last one, because with it no further filter can be loaded.
    _load(library, KILL_PROCESS, [(name, ALLOW, ()) for name in sorted(system_calls(unit) - without)])


def _load(library: ctypes.CDLL, otherwise: int, rules: list[tuple[str, int, tuple[_Comparison, ...]]]) -> None:
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(otherwise)))
    for name, action, comparisons in rules:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # another machine's, or newer than the library: it cannot be let through, as under systemd
            continue
        array = (_Comparison * len(comparisons))(*comparisons)
        done = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
        if done != 0:
            raise OSError(-done, f"filter for {name}: {os.strerror(-done)}")
    done = library.seccomp_load(context)
    if done != 0:
        raise OSError(-done, f"filter: {os.strerror(-done)}")


def main(arguments: list[str]) -> None:
    """UNIT, calls to take out (comma-separated), folders to write in (colon-separated, or -), and the command."""
    unit, without, folders, *command = arguments
    if folders != "-":
        read_only_but_for([Path(folder) for folder in folders.split(":")])
    filter_calls(Path(unit), set(filter(None, without.split(","))))
    os.execv(command[0], command)  # and with it go the capabilities of the namespace


if __name__ == "__main__":
    main(sys.argv[1:])
