"""Runs programs and measures them: time, CPU, peak memory."""

import os
import shlex
import signal
import string
import subprocess
import sys
import threading
import time


class Failed(Exception):
    """A program did not do what it was started for."""


class Usage:
    """What one run of a command took."""

    def __init__(self, wall, cpu, rss, anon, out):
        self.wall = wall  # seconds
        self.cpu = cpu  # seconds, user and system, of all processes
        self.rss = rss  # bytes, of the largest process
        self.anon = anon  # bytes, of the largest process; only if watched
        self.out = out  # standard output, its last part


def say(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


class Runner:
    """Runs commands, which are templates with $NAME for what is in names."""

    def __init__(self, work, names, timeout):
        self.work = work
        self.names = dict(names)
        self.timeout = timeout
        self.current = None

    def run(self, template, cwd, ok=(0,), watch=False, **names):
        """Runs a command to its end. A pipeline runs under bash, with pipefail; a
        single command runs without a shell."""
        names = {**self.names, **names}
        if "|" in template:
            command = string.Template(template).substitute({k: shlex.quote(v) for k, v in names.items()})
            args = ["bash", "-o", "pipefail", "-c", command]
        else:
            args = [string.Template(word).substitute(names) for word in shlex.split(template)]
        out_path, err_path = os.path.join(self.work, "stdout"), os.path.join(self.work, "stderr")
        with open(out_path, "wb") as out, open(err_path, "wb") as err:
            start = time.monotonic()
            # A session of its own: so that all of a pipeline can be ended.
            process = subprocess.Popen(
                args, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )
            self.current = process
            timer = threading.Timer(self.timeout, self.kill)
            timer.start()
            watcher = Watcher(process.pid) if watch else None
            try:
                _, status, used = os.wait4(process.pid, 0)
                wall = time.monotonic() - start
                process.returncode = os.waitstatus_to_exitcode(status)
            except BaseException:
                self.kill()
                process.wait()
                raise
            finally:
                timer.cancel()
                self.current = None
                anon = watcher.stop() if watcher else 0
        if process.returncode not in ok:
            how = f"exit status {process.returncode}" if process.returncode >= 0 else f"signal {-process.returncode}"
            said = (tail(err_path) or tail(out_path)).split("\n")
            raise Failed(plain(f"{template}: {how}: {' / '.join(said[:3])}", names))
        return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, anon, tail(out_path, 1 << 20))

    def kill(self):
        if self.current is not None:
            try:
                os.killpg(self.current.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def plain(text, names):
    """Text with names again for what they stand for: results are of no machine."""
    for name, value in sorted(names.items(), key=lambda item: -len(item[1])):
        text = text.replace(value, "$" + name)
    return text


class Watcher:
    """Samples how much memory that is not a mapped file the largest process of a
    session has: the peak of the kernel counts mapped files in."""

    def __init__(self, session):
        self.session = session
        self.peak = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while not self.done.wait(0.05):
            for pid in self.processes(self.session):
                try:
                    with open(f"/proc/{pid}/status") as status:
                        for line in status:
                            if line.startswith("RssAnon:"):
                                self.peak = max(self.peak, int(line.split()[1]) * 1024)
                except OSError:
                    pass  # it has ended

    def processes(self, pid):
        yield pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                for child in children.read().split():
                    yield from self.processes(int(child))
        except OSError:
            pass

    def stop(self):
        self.done.set()
        self.thread.join()
        return self.peak


def tail(path, limit=2000):
    with open(path, "rb") as f:
        f.seek(max(0, os.path.getsize(path) - limit))
        return f.read().decode("utf-8", "replace").strip()


def output_of(args, cwd=None):
    """What a command prints, both streams; empty if it isn't there."""
    try:
        p = subprocess.run(args, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError:
        return ""
    return p.stdout.decode("utf-8", "replace")


def remove_tree(path):
    """Removes a tree, also one with directories that may not be written."""
    subprocess.run(["rm", "-rf", path], stderr=subprocess.DEVNULL)
    if os.path.lexists(path):
        subprocess.run(["chmod", "-R", "u+rwx", path], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", path])


def stop_on_signals():
    """Makes a request to end unwind the stack, so that what is temporary goes."""

    def stop(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)
