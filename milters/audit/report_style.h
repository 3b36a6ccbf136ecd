/* SPDX-License-Identifier: Apache-2.0 */
/* report_style: the style sheet of the page: light, dark, print. Included by report_html.c alone. */
#ifndef MW_AUDIT_REPORT_STYLE_H
#define MW_AUDIT_REPORT_STYLE_H

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1a1f26;--dim:#5b6672;--line:#d5dbe1;--card:#f5f7f9;"
    "--pass:#9aa5b1;--tls:#7cc4ee;--ver:#0b6fb8;--smime:#0a9a72;--pgp:#5fcfae;--portal:#b86fa3;--other:#8a7a5c;"
    "--hold:#e29a00;--refuse:#cf4a1e;--later:#d8c93c;--none:#4a4f57;--good:#0a7d4f;--bad:#b3261e}\n"
    "@media "
    "(prefers-color-scheme:dark){:root{--bg:#14181d;--fg:#e8ebee;--dim:#9aa5b1;--line:#333b44;--card:#1d2329;--none:#c4cad1;"
    "--good:#4cc38a;--bad:#ff8a80}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;padding:1.5rem;max-width:62rem;background:var(--bg);color:var(--fg);"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.7rem;margin:0}h2{margin:2.2rem 0 .6rem;border-bottom:2px solid var(--line);font-size:1.25rem}"
    "h3{margin:1.3rem 0 .4rem;font-size:1rem}p{margin:.4rem 0}.dim{color:var(--dim)}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}.tiles div{flex:1 1 8rem;background:var(--card);border:1px solid "
    "var(--line);"
    "border-radius:6px;padding:.6rem .8rem}.tiles b{display:block;font-size:1.45rem}\n"
    ".seal{border-left:6px solid var(--bad);background:var(--card);padding:.7rem 1rem;margin:1rem "
    "0}.seal.good{border-color:var(--good)}"
    ".seal b{color:var(--bad)}.seal.good b{color:var(--good)}\n"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem;font-size:.9rem}th,td{text-align:left;padding:.2rem .5rem;"
    "border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}th{color:var(--dim);font-weight:600}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}code{font:.85em "
    "ui-monospace,monospace;overflow-wrap:anywhere}\n"
    "svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--fg)}svg .end{text-anchor:end}svg "
    ".mid{text-anchor:middle}"
    ".grid{stroke:var(--line)}.legend span{white-space:nowrap;margin-right:1rem}.legend "
    "i{display:inline-block;width:.8em;height:.8em;"
    "margin-right:.35em;border-radius:2px}\n"
    /* On a phone what is wide is moved by itself, and the page is not. */
    "td:first-child,th:first-child{min-width:8rem}@media screen and (max-width:45rem){body{padding:1rem}table{display:block;"
    "overflow-x:auto}th.n{white-space:normal;overflow-wrap:normal}.wide{overflow-x:auto}.wide svg{width:46rem;max-width:none}}\n"
#define COLOUR(k, v) "." k "{fill:var(--" v ");background:var(--" v ")}"
    COLOUR("w-pass", "pass") COLOUR("w-tls", "tls") COLOUR("w-ver", "ver") COLOUR("w-smime", "smime") COLOUR("w-pgp", "pgp")
	COLOUR("w-portal", "portal") COLOUR("w-other", "other") COLOUR("w-hold", "hold") COLOUR("w-refuse", "refuse")
	    COLOUR("w-later", "later") COLOUR("w-none", "none") COLOUR("w-yes", "good")
		COLOUR("w-no", "line") "\n"
				       "@media "
				       "print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--card:#fff;--line:#bbb;--"
				       "good:#0a7d4f;--bad:#b3261e;--none:#4a4f57}"
				       "body{max-width:none;padding:0;font-size:10pt}h2{break-after:avoid}h3{break-after:avoid}"
				       "svg,tr,.tiles div,.seal{break-inside:avoid}"
				       "svg rect,.legend i{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n";

#endif
