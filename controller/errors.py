"""Every error that crosses a layer, named by who must act.

TrueupError
├── SpecError       whoever wrote the spec or the command
├── AccessError     whoever gives us credentials and permissions
├── PlatformError   nobody: AWS, git or the network is in trouble; it will be tried again
├── Conflict        nobody: somebody else saved first; the next turn looks again
└── Refusal         a person: what was asked for will not be done, and why
"""


class TrueupError(Exception):
    """The base of all; its text is one sentence that says what to do."""


class SpecError(TrueupError):
    """A spec, an option or a command's argument is wrong."""


class AccessError(TrueupError):
    """Not allowed, or not known who we are."""


class PlatformError(TrueupError):
    """AWS, git or the network did not answer as it should; trying again may help."""


class Conflict(TrueupError):
    """Somebody else saved first, or holds what we wanted to hold."""


class Refusal(TrueupError):
    """What was asked for is not done, for a reason that stays until somebody acts."""
