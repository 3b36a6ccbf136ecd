# SPDX-License-Identifier: Apache-2.0
"""apparmor: what programs did, by strace, held against the profiles that they would run under. No kernel with AppArmor is needed: the parser of
AppArmor puts a profile's includes into one text, and this reads its rules of files, capabilities and sockets' names."""
import os
import re
import shutil
import signal
import subprocess
import time

CALLS = ("%file,execve,fork,vfork,clone,clone3,bind,connect,sendto,sendmsg,flock,fcntl,mmap,fchmod,fchown,ftruncate,setuid,setgid,setgroups,setresuid,setresgid,kill")
WORDS = {"r": "r", "w": "w", "a": "a", "k": "k", "l": "l", "m": "m", "x": "x"}


# ---- profiles --------------------------------------------------------------------------------------------------------------------------
def pattern(glob):
    """An expression for a path as AppArmor writes them, without variables."""
    out, depth, i = "", 0, 0
    while i < len(glob):
        c = glob[i]
        if glob.startswith("**", i):
            # behind a slash it stands for one letter at least
            out, i = out + (".+" if out.endswith("/") else ".*"), i + 1
        elif c == "*":
            out += "[^/]+" if out.endswith("/") and (i + 1 == len(glob) or glob[i + 1] in "/") else "[^/]*"
        elif c == "?":
            out += "[^/]"
        elif c == "[":
            end = glob.index("]", i)
            out, i = out + glob[i:end + 1], end
        elif c == "{":
            out, depth = out + "(?:", depth + 1
        elif c == "}":
            out, depth = out + ")", depth - 1
        elif c == "," and depth:
            out += "|"
        else:
            out += re.escape(c)
        i += 1
    return out


class Profile:
    def __init__(self, name, where):
        self.name, self.where = name, where  # where: the pattern of programs that it is for; None: who is sent there
        self.rules, self.capabilities = [], set()

    def add(self, path, may, to):
        for one in path:
            self.rules.append((re.compile(pattern(one) + r"\Z"), may, to))

    def allowed(self, path):
        """Letters that are allowed for a path, and where an x leads."""
        may, to = set(), None
        for expression, letters, target in self.rules:
            if expression.match(path):
                may |= set(letters)
                to = target or to
        return may, to


def expand(text, variables):
    """All that a text with variables stands for."""
    found = re.search(r"@\{(\w+)\}", text)
    if not found:
        return [re.sub("//+", "/", text)]
    return [one for value in variables.get(found.group(1), ["[^/]+NOSUCH"]) for one in expand(text[:found.start()] + value + text[found.end():], variables)]


def read(path):
    """Profiles by name, of a file; None: there is no parser."""
    if not shutil.which("apparmor_parser"):
        return None
    text = subprocess.run(["apparmor_parser", "-p", path], capture_output=True, text=True, check=True).stdout
    profiles, stack, variables = {}, [], {}
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        found = re.match(r"@\{(\w+)\}\s*\+?=\s*(.*)", line)
        if found:
            variables.setdefault(found.group(1), []).extend(word.strip('"') for word in found.group(2).split())
    variables.update(pid=["[0-9]*"], pids=["[0-9]*"], tid=["[0-9]*"])
    statement = ""
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line or line.startswith("@{") and "=" in line:
            continue
        found = re.match(r"profile\s+(\S+)\s+(\S+)?.*\{$", line)
        if found:
            where = found.group(2) if (found.group(2) or "").startswith("/") else None
            name = "//".join([p.name for p in stack[-1:]] + [found.group(1)])
            profiles[name] = Profile(name, where and re.compile("(?:%s)\\Z" % "|".join(pattern(w) for w in expand(where, variables))))
            stack.append(profiles[name])
            continue
        if line == "}":
            stack.pop()
            continue
        statement = (statement + " " + line).strip()
        if not statement.endswith(","):
            continue
        rule, statement = statement[:-1], ""
        if not stack:
            continue
        found = re.match(r"capability\s*(.*)", rule)
        if found:
            stack[-1].capabilities |= set(found.group(1).replace(",", " ").split())
        found = re.match(r'(?:audit\s+|owner\s+|file\s+)*("?[/@]\S*?"?)\s+([rwaklmxiIpPcCuU]+)(?:\s*->\s*(\S+))?$', rule)
        if found:
            to = found.group(3)
            to = "%s//%s" % (stack[-1].name, to) if to and re.search("[cC]", found.group(2)) else to
            stack[-1].add(expand(found.group(1).strip('"'), variables), found.group(2), to)
    return profiles


# ---- what was done -------------------------------------------------------------------------------------------------------------------------
class Trace:
    """strace of a process and of all that it starts from now on."""

    def __init__(self, pid, folder):
        self.folder = folder
        os.mkdir(folder)
        self.log = open(folder + ".log", "w+b")
        self.process = subprocess.Popen(["strace", "-ff", "-y", "-q", "-s", "300", "--decode-pids=pidns", "-e", "trace=" + CALLS, "-e", "signal=none", "-o",
                                         os.path.join(folder, "t"), "-p", str(pid)], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        time.sleep(1)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.log.close()

    def processes(self):
        """pid -> lines"""
        found = {}
        for name in os.listdir(self.folder):
            with open(os.path.join(self.folder, name), errors="replace") as file:
                found[int(name.rsplit(".", 1)[1])] = file.read().splitlines()
        return found


def plain(path):
    return re.sub(r"\\(\d{1,3})", lambda m: chr(int(m.group(1), 8)), path).replace(" (deleted)", "")


def absolute(folder, path, cwd):
    path = plain(path)
    if path.startswith("/"):
        return os.path.normpath(path)
    return os.path.normpath(os.path.join(folder if folder.startswith("/") else cwd, path))


def needs(line, cwd):
    """[(letters, path)] that a call has used with success."""
    call = re.match(r"(\w+)\((.*)", line)
    if not call:
        return []
    name, rest = call.groups()
    failed = re.search(r"= -1 E(?!INPROGRESS|AGAIN)", rest)
    if failed:
        return []
    if name in ("open", "openat", "openat2", "creat"):
        got = re.search(r"= \d+<(.*)>$", rest)
        if not got or "O_PATH" in rest:
            return []
        how = "rw" if "O_RDWR" in rest else "w" if "O_WRONLY" in rest or name == "creat" else "r"
        how += "w" if re.search(r"O_CREAT|O_TRUNC|O_TMPFILE", rest) and "w" not in how else ""
        return [(how, plain(got.group(1)) + ("/" if "O_DIRECTORY" in rest and "O_TMPFILE" not in rest else ""))]
    if name in ("unlink", "rmdir", "mkdir", "mknod", "chmod", "chown", "lchown", "truncate", "utimes"):
        path = re.match(r'"((?:[^"\\]|\\.)*)"', rest)
        return [("w", absolute("", path.group(1), cwd) + ("/" if name in ("mkdir", "rmdir") else ""))] if path else []
    if name in ("unlinkat", "mkdirat", "mknodat", "fchmodat", "fchownat", "utimensat"):
        path = re.match(r'(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, "((?:[^"\\]|\\.)*)"', rest)
        folder = name == "mkdirat" or "AT_REMOVEDIR" in rest
        return [("w", absolute(path.group(1) or "", path.group(2), cwd) + ("/" if folder else ""))] if path else []
    if name in ("rename", "link", "symlink"):
        paths = re.findall(r'"((?:[^"\\]|\\.)*)"', rest)[:2]
        how = {"rename": "rw", "link": "l", "symlink": "w"}[name]
        return [(how if name != "symlink" else "w", absolute("", p, cwd)) for p in (paths if name == "rename" else paths[1:])]
    if name in ("renameat", "renameat2", "linkat"):
        paths = re.findall(r'(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, "((?:[^"\\]|\\.)*)"', rest)
        return [("l" if name == "linkat" else "rw", absolute(f or "", p, cwd)) for f, p in (paths if name != "linkat" else paths[1:])]
    if name in ("connect", "bind", "sendto", "sendmsg"):
        path = re.search(r'sun_path="((?:[^"\\]|\\.)*)"', rest)
        return [("w", absolute("", path.group(1), cwd))] if path else []
    if name in ("flock", "fcntl"):
        path = re.match(r"\d+<(/[^>]*)>, (?:LOCK_EX|LOCK_SH|F_(?:OFD_)?SETLKW?)", rest)
        return [("k", plain(path.group(1)))] if path and not re.search("LOCK_UN|F_UNLCK", rest) else []
    if name in ("fchmod", "fchown", "ftruncate"):
        path = re.match(r"\d+<(/[^>]*)>", rest)
        return [("w", plain(path.group(1)))] if path else []
    if name == "mmap":
        path = re.search(r"PROT_EXEC[^,]*, MAP_PRIVATE[^,]*, \d+<(/[^>]*)>", rest)
        return [("m", plain(path.group(1)))] if path else []
    return []


POWERS = {"setuid": "setuid", "setresuid": "setuid", "setgid": "setgid", "setresgid": "setgid", "setgroups": "setgid"}


def judge(profiles, lines_of):
    """What was done by processes in a profile and is not allowed: {(profile, letters, path)}; and the names of profiles that were met."""
    parents, first, bad, met = {}, {}, set(), set()
    for pid, lines in lines_of.items():
        for line in lines:
            child = re.match(r"(?:clone3?|v?fork)\(.*= \d+(?: /\* (\d+) in strace's PID NS \*/)?", line)
            if child:
                number = re.search(r"= (\d+)(?: /\* (\d+) in)?", line)
                parents[int(number.group(2) or number.group(1))] = pid

    def label(pid, seen=()):
        """What a process is in when it begins: what its parent was in."""
        if pid in first:
            return first[pid]
        up = parents.get(pid)
        if up is None or up in seen:
            return None
        now = label(up, (*seen, pid))
        for line in lines_of[up]:
            now = after(line, now)
            number = re.match(r"(?:clone3?|v?fork)\(.*= (\d+)(?: /\* (\d+) in)?", line)
            if number and int(number.group(2) or number.group(1)) == pid:
                break
        first[pid] = now
        return now

    def after(line, now):
        done = re.match(r'execve(?:at)?\((?:\d+<[^>]*>, )?"((?:[^"\\]|\\.)*)".*= 0$', line)
        if not done:
            return now
        path = plain(done.group(1))
        if now is None:
            return next((p.name for p in profiles.values() if p.where and p.where.match(path)), None)
        may, to = profiles[now].allowed(path)
        if "x" not in may:
            bad.add((now, "x", path))
        elif to:  # the units have NoNewPrivileges
            bad.add((now, "x to " + to, path))
        return now

    # A folder that was opened without saying that it is one: AppArmor gives it a slash.
    folders = {os.path.dirname(path) for lines in lines_of.values() for line in lines for path in re.findall(r'[<"](/[^>"]*)[>"]', line)}
    for pid, lines in lines_of.items():
        now, cwd = label(pid), "/"
        for line in lines:
            now = after(line, now)
            if now is None:
                continue
            met.add(now)
            moved = re.match(r'chdir\("([^"]*)"\) += 0', line)
            cwd = absolute("", moved.group(1), cwd) if moved else cwd
            power = POWERS.get(line.split("(")[0])
            if power and line.endswith("= 0") and power not in profiles[now].capabilities:
                bad.add((now, "capability", power))
            for how, path in needs(line, cwd):
                if not path.startswith("/") or path.startswith(("/memfd:", "/dev/pts", "/proc/self")):
                    continue
                may, _to = profiles[now].allowed(path + "/" if path in folders else path)
                missing = "".join(sorted(c for c in set(how) if c not in may and not (c == "a" and "w" in may)))
                if missing:
                    bad.add((now, missing, re.sub(r"/proc/\d+", "/proc/PID", path)))
    return bad, met
