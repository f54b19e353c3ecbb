"""The way out, over SMTP by aiosmtplib: ``postman`` shares the work out, ``line`` is one connection, ``pace`` waits."""

from mailbot.adapters.smtp.line import SmtpSettings
from mailbot.adapters.smtp.postman import SmtpPostman

__all__ = ["SmtpPostman", "SmtpSettings"]
