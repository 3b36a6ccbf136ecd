#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""readers: what any mail program shows, we see. Messages with one marked identifier are damaged in many ways (maker/mutant.py) and read by
programs that have nothing in common with ours: Python's email package, and if they are there GMime, Perl's MIME::Parser and Email::MIME,
and for HTML the parser of the HTML standard. Where one of them shows the identifier, `milwardctl scan` has found it, or says that the
message cannot be read whole.

    readers.t               the test; prints TAP
    readers.t --write N     the Nth message on standard output

Needs MILWARD_BUILD (a built tree with extract-html and check-us) and MILWARD_SRC.
"""
import email
import email.header
import email.policy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
sys.path.insert(0, os.path.join(SRC, "tests/corpus"))
sys.dont_write_bytecode = True
from maker import mutant  # noqa: E402

CTL = os.path.join(BUILD, "milwardctl")
MESSAGES = 1500
# Fields that no program shows but as a source text.
UNSEEN = ("content-type", "content-disposition", "content-transfer-encoding", "content-id")

PERL = r"""
use strict; use JSON::PP; use Encode; use %s;
local $SIG{__WARN__} = sub {};
my $json = JSON::PP->new->ascii;
sub text { my ($octets, $charset) = @_; eval { decode($charset || 'utf-8', $octets) } // decode('latin-1', $octets) }
sub parser { my ($entity, $out) = @_;
    push @$out, [lc $_, text(scalar $entity->head->get($_))] for $entity->head->tags;
    my $name = $entity->head->recommended_filename;
    push @$out, ['name', text($name)] if defined $name;
    return map { parser($_, $out) } $entity->parts if $entity->parts;
    my $charset = $entity->head->mime_attr('content-type.charset');
    push @$out, [$entity->mime_type, text($entity->bodyhandle->as_string, $charset)] if $entity->bodyhandle; }
sub simple { my ($part, $out) = @_;
    my @pairs = eval { $part->header_str_pairs };
    while (my ($name, $value) = splice @pairs, 0, 2) { push @$out, [lc $name, $value // ''] }
    my $name = eval { $part->filename };
    push @$out, ['name', $name] if defined $name;
    return if $part->subparts;
    push @$out, [($part->content_type // 'text/plain') =~ s/;.*//sr, eval { $part->body_str } // text($part->body)]; }
for my $path (@ARGV) {
    open my $file, '<:raw', $path or die; local $/; my ($raw, @out) = (<$file>);
    eval { %s };
    print $json->encode([$path, \@out]), "\n";
}
"""
READERS_PERL = {
    "MIME::Parser": "my $p = MIME::Parser->new; $p->output_to_core(1); $p->tmp_to_core(1); parser($p->parse_data($raw), \\@out)",
    "Email::MIME": "Email::MIME->new($raw)->walk_parts(sub { simple($_[0], \\@out) })",
}


# ---- readers: path -> [(type, "name" or a field in small letters; text)] ---------------------------------------------


def decode(data, charset):
    try:
        return data.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


def python_part(part):
    """What Python's older interface says of one part."""
    for name, value in part.items():
        try:
            value = str(email.header.make_header(email.header.decode_header(value)))
        except (LookupError, ValueError, email.errors.MessageError):
            value = str(value)
        yield name.lower(), value
    yield "name", part.get_filename() or ""
    yield "text/plain", part.preamble or ""
    yield "text/plain", part.epilogue or ""
    if not part.is_multipart():
        yield part.get_content_type(), decode(part.get_payload(decode=True) or b"", part.get_content_charset())


def python_new_part(part):
    """And the newer one, where it does not give up."""
    for name in ("subject", "content-description"):
        for value in part.get_all(name, ()):
            yield name, str(value)
    yield "name", part.get_filename() or ""
    if not part.is_multipart():
        content = part.get_content()
        yield part.get_content_type(), decode(content, "utf-8") if isinstance(content, bytes) else str(content)


def with_python(paths, read, policy):
    for path in paths:
        out = []
        with open(path, "rb") as file:
            message = email.message_from_bytes(file.read(), policy=policy)
        for part in message.walk():
            try:
                out += list(read(part))
            except Exception:  # pylint: disable=broad-except
                continue  # it raises whatever its parsers of fields meet
        yield path, out


def with_gmime(paths):
    import gi  # pylint: disable=import-outside-toplevel

    gi.require_version("GMime", "3.0")
    from gi.repository import GMime  # pylint: disable=import-outside-toplevel

    GMime.init()

    def text_of(ask):
        try:
            return ask() or ""
        except UnicodeDecodeError:  # the binding wants UTF-8, GMime gives what is there
            return ""

    def walk(node, out):
        for name in ("subject", "content-description"):
            out.append((name, text_of(lambda name=name: node.get_header(name))))
        inner = [node.get_message()] if isinstance(node, GMime.MessagePart) else [node.get_mime_part()] if isinstance(node, GMime.Message) else []
        if isinstance(node, GMime.Multipart):
            inner = [node.get_part(i) for i in range(node.get_count())]
        for part in inner:
            if part:
                walk(part, out)
        if isinstance(node, GMime.Part):
            out.append(("name", text_of(node.get_filename)))
            if node.get_content():
                stream = GMime.StreamMem.new()
                node.get_content().write_to_stream(stream)
                data = bytes(stream.get_byte_array() or b"")
                out.append((node.get_content_type().get_mime_type().lower(), decode(data, node.get_content_type_parameter("charset"))))

    for path in paths:
        out = []
        with open(path, "rb") as file:
            message = GMime.Parser.new_with_stream(GMime.StreamMem.new_with_buffer(file.read())).construct_message(None)
        if message:
            walk(message, out)
        yield path, out


def with_perl(paths, module):
    done = subprocess.run(["perl", "-e", PERL % (module, READERS_PERL[module]), *paths], stdout=subprocess.PIPE, check=True)
    for line in done.stdout.splitlines():
        path, out = json.loads(line)
        yield path, out


def has_perl(module):
    return shutil.which("perl") and subprocess.run(["perl", "-M" + module, "-MJSON::PP", "-e1"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def has_gmime():
    return subprocess.run([sys.executable, "-c", "import gi; gi.require_version('GMime', '3.0')"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def readers():
    """(name, is it there?, function of paths)"""
    yield "Python's email", True, lambda paths: with_python(paths, python_part, email.policy.compat32)
    yield "Python's email, newer interface", True, lambda paths: with_python(paths, python_new_part, email.policy.default)
    yield "GMime", has_gmime(), with_gmime
    for module in READERS_PERL:
        yield module, has_perl(module), lambda paths, module=module: with_perl(paths, module)


# ---- what is shown --------------------------------------------------------------------------------------------------


def plain(text):
    """Blanks and what nobody sees are one; octets without a meaning, and controls that divide, are seen."""
    text = unicodedata.normalize("NFKC", re.sub("[\x0b\x0c\x1c-\x1f\ufffd]", "|", text))
    text = "".join(c for c in text if c in "\n\t\r" or unicodedata.category(c) not in ("Cf", "Cc", "Mn"))
    return re.sub(r"\s+", " ", text)


def is_shown(kind, text):
    if kind in UNSEEN:
        return False
    if "html" in kind or "xml" in kind:
        text += "\n" + re.sub("<[^>]*>", "", text)
    return "SSN 219-09-9998" in plain(text)


def scanned(folder):
    """file -> found, or said to be unreadable?"""
    done = subprocess.run([CTL, "--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(SRC, "policies"), "scan", "--json",
                           "-p", os.path.join(SRC, "policies/default.policy"), folder], stdout=subprocess.PIPE, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["file"]: bool(row["unreadable"]) or any(f["rule"] == "us-ssn" for f in row["findings"]) for row in rows}


def main():
    if sys.argv[1:2] == ["--write"]:
        sys.stdout.buffer.write(mutant.message(int(sys.argv[2])))
        return 0
    if not os.access(CTL, os.X_OK) or not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-html.so")):
        print("1..0 # SKIP no milwardctl with extract-html in %s" % BUILD)
        return 0
    bad = n = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, "%05d" % i) for i in range(MESSAGES)]
        for i, path in enumerate(paths):
            with open(path, "wb") as file:
                file.write(mutant.message(i))
        safe = scanned(folder)
        for n, (name, there, read) in enumerate(readers(), 1):
            if not there:
                print("ok %d - %s # SKIP it is not there" % (n, name))
                continue
            shown = [path for path, out in read(paths) if any(is_shown(kind, text) for kind, text in out)]
            leaks = [os.path.basename(path) for path in shown if not safe[path]]
            good = not leaks and len(shown) > MESSAGES / 2
            bad += not good
            print("%sok %d - %s shows the identifier in %d of %d messages; in %d it leaks" % ("" if good else "not ", n, name, len(shown), MESSAGES, len(leaks)))
            for leak in leaks:
                print("# readers.t --write %d" % int(leak))
    print("1..%d" % n)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
