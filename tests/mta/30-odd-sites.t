#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sites as they are found: milward-postfix adds itself, protected mail takes its routes, and nothing of it stays behind."""
import os
import shutil

import lab
from lab import odd
from lab.setup import octets, script, write


def odd_master(text):
    """The same services, written as nobody would."""
    text = text.replace(b"smtp      inet  n       -       y       -       -       smtpd\n", b"""\
127.0.0.1:25\tinet\tn - y\t-  - smtpd   \t
\t-o { smtpd_helo_restrictions = permit_mynetworks, reject_invalid_helo_hostname }
   # a comment inside

 -o syslog_name=postfix/$service_name -o smtpd_error_sleep_time=0
 \t
""")
    assert b"127.0.0.1:25" in text
    text = text.replace(b"pickup    unix  n       -       y       60      1       pickup\n",
                        b"pickup unix n - y 60 1 pickup\n  -o content_filter=\n\t-o { receive_override_options = }\n")
    assert b"60 1 pickup" in text
    return text + b"# the end, without an end"


# name -> main.cf, master.cf, options of add
SITES = {
    "compatibility_level 0, where services are chrooted unless they say no":
        (odd.both(odd.without(b"compatibility_level"), odd.lines(b"compatibility_level = 0", b"smtputf8_enable = yes")), odd.same, ()),
    "an odd master.cf": (odd.same, odd_master, ()),
    "parent domains that need a dot": (odd.lines(b"parent_domain_matches_subdomains =", b"append_dot_mydomain = no", b"enable_long_queue_ids = no"),
                                       odd.same, ()),
    "instances by postmulti": (odd.lines(b"multi_instance_wrapper = ${command_directory}/postmulti -p --", b"multi_instance_enable = yes",
                                     b"multi_instance_directories = @SECOND@"), odd.same, ()),
}


def second_instance(site):
    """Another instance, with no listener of its own; its configuration folder."""
    folder = os.path.join(site.folder, "second")
    os.makedirs(folder + "/etc")
    for name, text in octets().items():
        with open("%s/etc/%s" % (folder, name), "wb") as out:
            out.write(text)
    for name, owner in (("spool", "root"), ("data", "postfix")):
        os.makedirs("%s/%s" % (folder, name), mode=0o755)
        shutil.chown("%s/%s" % (folder, name), owner)
    site.postfix.run("postconf", "-c", folder + "/etc", "-e", "queue_directory=%s/spool" % folder, "data_directory=%s/data" % folder,
                     "multi_instance_name=postfix-second", "multi_instance_enable=yes", "master_service_disable=inet",
                     "maillog_file=%s/log/second" % site.folder)
    return folder + "/etc"


def talkative(site):
    """A service that logs what it is given."""
    stock = octets()
    site.postfix.run("postconf", "-F", "pickup/unix/command=pickup -v")
    found = script(site, "check").stdout
    site.tap.ok("warning: service pickup/unix" in found and "warning: service smtp" not in found, "check warns of a service with -v", found)
    write(stock)


with lab.Site() as site:
    talkative(site)
    second = second_instance(site)
    site.daemon().start()
    for name, (main, master, options) in SITES.items():
        odd.run(site, name, lambda text, main=main: main(text).replace(b"@SECOND@", second.encode()), master, options)
    odd.end(site)
