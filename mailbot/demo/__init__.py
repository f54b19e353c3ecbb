"""The embedded mail server and the guided tour: `mailbot demo`, and the tests' everyday servers."""
