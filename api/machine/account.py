"""Who PostgreSQL runs as: it refuses root, and Debian's user `postgres` may not enter a folder of mode 700."""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from api.machine.home import Home, write_atomically

DEBIAN_USER = "postgres"
ELSEWHERE = Path("/var/lib/lum1")  # where root keeps clusters that `postgres` must be able to enter


@dataclass(frozen=True)
class Account:
    """How to run PostgreSQL's programs: a command put before theirs, or a user to become."""

    prefix: tuple[str, ...] = ()
    user: str | None = None

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; output and complaints come together, and nothing of ours is inherited."""
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",  # a folder every user may stand in
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
            check=False,
        )

    def write(self, path: Path, content: str) -> None:
        """A file for this account's eyes only."""
        write_atomically(path, content)
        if self.user:
            shutil.chown(path, self.user, self.user)


def settle(home: Home) -> Account:
    """Choose once and for all where the cluster lies and who runs it: the folder or the link left there records it."""
    if os.geteuid() == 0 and not home.postgres.exists() and not user_namespaces_work():
        _link_elsewhere(home)
    home.postgres.mkdir(mode=0o700, exist_ok=True)
    return account_of(home)


def account_of(home: Home) -> Account:
    """Who runs this home's cluster: ourselves; as root, ourselves under another number, or `postgres`."""
    if os.geteuid() != 0:
        return Account()
    if home.postgres.is_symlink():
        return Account(user=DEBIAN_USER)
    return Account(prefix=_as_another_number())


@cache
def user_namespaces_work() -> bool:
    """Whether root may appear under another number: containers often forbid it."""
    command = [*_as_another_number(), "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _as_another_number() -> tuple[str, ...]:
    """Processes see themselves as `postgres`, files stay root's: initdb wants a number that has a name."""
    postgres = pwd.getpwnam(DEBIAN_USER)
    return "unshare", "--user", f"--map-user={postgres.pw_uid}", f"--map-group={postgres.pw_gid}"


def _link_elsewhere(home: Home) -> None:
    name = hashlib.sha256(str(home.root).encode()).hexdigest()[:12]
    ELSEWHERE.mkdir(exist_ok=True)
    ELSEWHERE.chmod(0o755)  # whatever the umask: `postgres` must pass through
    folder = ELSEWHERE / name
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.chown(folder, DEBIAN_USER, DEBIAN_USER)
    home.postgres.unlink(missing_ok=True)
    home.postgres.symlink_to(folder)
