#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The soak in short: every phase for some seconds, and every kind of fault once. What grows is seen by the long run alone: tests/soak/soak."""
import os
import sys

SOAK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "soak")
os.execv(sys.executable, [sys.executable, SOAK, "--minutes", "0.6", "--sessions", "1,50", "--straight", "500", "--samples", "200"])
