"""The units in systemd/, and the daemon inside of what they allow."""
