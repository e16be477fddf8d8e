"""The one place where a fault becomes a line for a person and an exit code.

Exit codes: 0 done; 1 the answer is no; 2 wrong use; 75 start me again (EX_TEMPFAIL);
78 configuration error (EX_CONFIG).
"""

import sys

import click

from likeness.commands import cli
from likeness.errors import ConfigError, LikenessError, Restarting, UsageError, one_line

EXIT_NO = 1
EXIT_USAGE = 2
EXIT_RESTART = 75
EXIT_CONFIG = 78


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    try:
        code = cli.main(args=arguments, prog_name="likeness", standalone_mode=False)
    except click.exceptions.Abort:
        return _say("stopped", EXIT_NO)
    except click.ClickException as wrong:
        wrong.show()
        return EXIT_USAGE
    except ConfigError as wrong:
        return _say(str(wrong), EXIT_CONFIG)
    except UsageError as wrong:
        return _say(str(wrong), EXIT_USAGE)
    except Restarting as wanted:
        return _say(str(wanted), EXIT_RESTART)
    except LikenessError as fault:
        return _say(str(fault), EXIT_NO)
    except KeyboardInterrupt:
        return _say("stopped", EXIT_NO)
    except BrokenPipeError:
        return EXIT_NO
    return code if isinstance(code, int) else 0


def _say(text: str, code: int) -> int:
    click.echo(f"likeness: {one_line(text)}", err=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
