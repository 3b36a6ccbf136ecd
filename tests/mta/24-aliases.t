#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Aliases expand behind the milter: what that means, and that the set-up's check says so."""
import lab

with lab.Site() as site:
    tap, postfix = site.tap, site.postfix
    site.outbound()
    done = site.setup("check", check=False)
    tap.ok("note" not in done.stdout + done.stderr, "without aliases, check does not speak of them", done.stdout, done.stderr)
    postfix.set(virtual_alias_maps="inline:{{team@clinic.test=bob@plain.test,carol@clinic.test}}")
    postfix.reload()
    done = site.setup("check", check=False)
    tap.ok("virtual_alias_maps" in done.stdout + done.stderr, "check warns of virtual_alias_maps", done.stdout, done.stderr)
    # The limit that milward-postfix(8) describes: milward sees team@clinic.test, which is inside.
    message = lab.phi()
    site.send(message, "team@clinic.test")
    postfix.settle()
    tap.ok(("inside", "carol@clinic.test") in site.copies(message), "an alias inside is delivered")
    # A recipient outside that is an alias for a tag would be a way around the guard.
    postfix.set(virtual_alias_maps="inline:{{x@clinic.test=bob@plain.test.mw-nosuch.invalid}}")
    postfix.reload()
    message = lab.phi()
    site.send(message, "x@clinic.test")
    postfix.settle()
    tap.equal(site.copies(message), {}, "an alias for a tag without a route goes nowhere")
