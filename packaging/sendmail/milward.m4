divert(-1)
dnl SPDX-License-Identifier: Apache-2.0
dnl
dnl milward.m4: teaches a Sendmail (8.17 and later) milward's routes. See milward-sendmail(8), which puts this line into sendmail.mc:
dnl
dnl	FEATURE(`milward', `SOCKET', `PORTAL', `PORTAL-TLS', `NAMES', `SEAL-SOCKET', `SIGNER-SOCKET', `PORT', `SMARTHOST',
dnl		`LOOKUP-SOCKET')dnl
dnl
dnl SOCKET       milward's unix socket
dnl PORTAL       relay of the pickup portal, at port 25: [name] or [address]; unix:PATH: milward's own, behind milward-seal, which SEAL-SOCKET
dnl              names; empty: there is none
dnl PORTAL-TLS   what TLS to it must be: none, encrypt, secure
dnl NAMES        map of names in certificates that are good beside the domain's own: `hash /etc/mail/milward/names'; empty: none
dnl SEAL-SOCKET  LMTP socket of milward-seal; empty: nothing is sealed here
dnl SIGNER-SOCKET  the milter that signs what comes back from milward-seal; empty: none
dnl PORT         of 127.0.0.1, where it comes back
dnl SMARTHOST    [name] or [address] that takes protected mail in place of the recipient's MX; empty: none
dnl LOOKUP-SOCKET  milward-lookup, which knows the hosts of domains that have MTA-STS; empty: nobody is asked
dnl
dnl Its place is behind the filters that may refuse mail, before the one that signs, and before the MAILER lines.
divert(0)
VERSIONID(`milward')
divert(-1)
define(`_MILWARD_PORTAL_', _ARG2_)
define(`_MILWARD_OWN_', ifelse(substr(_ARG2_, 0, 5), `unix:', `yes'))
define(`_MILWARD_HOST_', ifelse(_MILWARD_OWN_, `yes', `', `translit(_ARG2_, `[]')'))
dnl Behind the hosts of the domain. Sendmail has no way from a host to a socket within a delivery: what TLS cannot reach waits, and is
dnl milward-seal's when it is tried again.
define(`_MILWARD_NEXT_', ifelse(_MILWARD_OWN_, `yes', `', `: _ARG2_'))
define(`_MILWARD_PORTAL_TLS_', _ARG3_)
define(`_MILWARD_NAMES_', _ARG4_)
define(`_MILWARD_SEAL_', _ARG5_)
define(`_MILWARD_SIGNER_', _ARG6_)
define(`_MILWARD_PORT_', _ARG7_)
define(`_MILWARD_SMARTHOST_', _ARG8_)
define(`_MILWARD_LOOKUP_', _ARG9_)
dnl F=T: while milward is away, mail waits at the client. (milward-sendmail remove takes the filter out first, and then the routes.)
ifdef(`_MILWARD_STOP_', `', `INPUT_MAIL_FILTER(`milward', `S=unix:'_ARG_`, F=T, T=C:10s;S:60s;R:60s;E:5m')')
dnl What milward-seal gives back meets the signer and no other milter.
ifelse(_MILWARD_SEAL_, `', `', `ifelse(_MILWARD_SIGNER_, `', `', `MAIL_FILTER(`milward-signer', `S=unix:'_MILWARD_SIGNER_`, F=T, T=C:10s;S:60s;R:60s;E:5m')')
ifelse(defn(`_DPO_'), `', `DAEMON_OPTIONS(`Name=MTA')')dnl what Sendmail has where nothing is said
DAEMON_OPTIONS(`Name=milward-reentry, Addr=127.0.0.1, Port='_MILWARD_PORT_`, InputMailFilters='ifelse(_MILWARD_SIGNER_, `', `', `milward-signer'))')
dnl Kept on disk, what Sendmail remembers of a host that did not do for protected mail would hold up other mail to it.
define(`confHOST_STATUS_DIRECTORY', `')
define(`_LOCAL_TLS_SERVER_')
define(`_LOCAL_TLS_RCPT_')

LOCAL_CONFIG
# ---- milward: the domain of a recipient may end in a tag that names the route
Kmilward_set macro
Kmilward_arith arith
Kmilward_long regex -a@LONG ^.{200,}$
Kmilward_mx dns -R MX -T<TMPF>
Kmilward_a dns -R A -T<TMPF>
Kmilward_aaaa dns -R AAAA -T<TMPF>
Kmilward_seal regex -a@SEAL ^mw-seal[a-z]+$
ifelse(_MILWARD_NAMES_, `', `dnl', `Kmilward_names '_MILWARD_NAMES_)
ifelse(_MILWARD_LOOKUP_, `', `dnl', `# The name of this map is what milward-lookup is asked for.
Kverified socket -T<TMPF> unix:_MILWARD_LOOKUP_
Kmilward_list regex -s1 ^secure.match=([^=]*)[.[:space:]][a-z]+=.*$
Kmilward_list_alone regex -s1 ^secure.match=([^=]*)$')
C{MilwardTag} mw-tls mw-ver ifelse(_MILWARD_PORTAL_, `', `', `mw-tlsp mw-verp mw-portal')
# In the queue file: that a host of the domain could not do what was demanded.
C{persistentMacros} {mw_no}
O SetCertAltnames=true

LOCAL_RULE_3
# milward: no name server is asked for tags
R$* < @ $+ . invalid > $*	$: $1 < @ $2 . invalid . > $3

LOCAL_RULE_0
# milward: before all tables of the site. A tag that has no route is an error, and so never goes to a smarthost.
R$* < @ $+ . mw-tls . invalid . > $*	$#milward-tls $@ ifelse(_MILWARD_SMARTHOST_, `', `$2', _MILWARD_SMARTHOST_) $: $1 < @ $2 . mw-tls . invalid . > $3
R$* < @ $+ . mw-ver . invalid . > $*	$#milward-ver $@ ifelse(_MILWARD_SMARTHOST_, `', `$2', _MILWARD_SMARTHOST_) $: $1 < @ $2 . mw-ver . invalid . > $3
ifelse(_MILWARD_OWN_, `yes', `# Could a host of the domain not do what was demanded when this was tried before? The queue file knows.
R$* < @ $+ . mw-tlsp . invalid . > $*	$: < $&{mw_no} > $1 < @ $2 . mw-tlsp . invalid . > $3 $(milward_set {mw_domain} $@ $2 $)
R$* < @ $+ . mw-verp . invalid . > $*	$: < $&{mw_no} > $1 < @ $2 . mw-verp . invalid . > $3 $(milward_set {mw_domain} $@ $2 $)
R< $* / $&{mw_domain} / $* > $* < @ $+ . $- . invalid . > $*	$#milward-seal $@ localhost $: $3 < @ $4 . mw-portal . invalid . > $6
R< $* > $* < @ $+ > $*	$: $2 < @ $3 > $4', `dnl')
ifelse(_MILWARD_PORTAL_, `', `dnl',
`R$* < @ $+ . mw-tlsp . invalid . > $*	$#milward-tlsp $@ ifelse(_MILWARD_SMARTHOST_, `', `$2', _MILWARD_SMARTHOST_) _MILWARD_NEXT_ $: $1 < @ $2 . mw-tlsp . invalid . > $3
R$* < @ $+ . mw-verp . invalid . > $*	$#milward-verp $@ ifelse(_MILWARD_SMARTHOST_, `', `$2', _MILWARD_SMARTHOST_) _MILWARD_NEXT_ $: $1 < @ $2 . mw-verp . invalid . > $3
R$* < @ $+ . mw-portal . invalid . > $*	ifelse(_MILWARD_OWN_, `yes', `$#milward-seal $@ localhost', `$#milward-portal $@ _MILWARD_PORTAL_') $: $1 < @ $2 . mw-portal . invalid . > $3')
ifelse(_MILWARD_SEAL_, `', `dnl',
`R$* < @ $+ . mw-open . invalid . > $*	$#milward-seal $@ localhost $: $1 < @ $2 . mw-open . invalid . > $3
R$* < @ $+ . $- . invalid . > $*	$: < $(milward_seal $3 $) > $1 < @ $2 . $3 . invalid . > $4
R< @SEAL > $* < @ $+ > $*	$#milward-seal $@ localhost $: $1 < @ $2 > $3
R< $* > $* < @ $+ > $*	$: $2 < @ $3 > $4')
R$* < @ $* invalid . > $*	$#error $@ 5.1.2 $: "550 no route for this tag"

LOCAL_RULESETS
# ---- milward: tags come from the milter, never from a client
SLocal_check_rcpt
ifelse(_MILWARD_SEAL_, `', `dnl', `R$*	$: $1 $| $&{daemon_name}
R$* $| milward-reentry	$# OK
R$* $| $*	$: $1')
R$*	$: $1 $| $>canonify $1
R$* $| $* < @ $* invalid . > $*	$#error $@ 5.7.1 $: "550 this domain is reserved"
R$* $| $*	$: $1

# Does the connection hold what the delivery demands? Asked after EHLO and STARTTLS, when the next host can still be tried, and before
# each recipient. The workspace comes back as it was, so that what the site demands is asked too.
SLocal_tls_server
R$*	$: $1 $| $>MilwardTls $1
R$* $| $#$*	$#$2
R$* $| $*	$: $1

SLocal_tls_rcpt
R$*	$: $1 $| $>MilwardAgain $&{verify}
R$* $| $#$*	$#$2
R$* $| $*	$: $1 $| $>MilwardMay
R$* $| $#$*	$#$2
R$* $| $*	$: $1

# In: what ${verify} says.
SMilwardTls
R$*	$: $1 $| $>MilwardAtPortal
R$* $| $*	$: < $&{mw_route} > < $2 > $1
R< > < $* > $*	$@ OK
R< none > < $* > $*	$@ OK
R< tls > < $* > $*	$@ $>MilwardEncrypted $2
R< ver > < $* > $*	$@ $>MilwardVerified $2
R< $- > < portal > $*	$@ $>MilwardPortal $2
R< portal > < $* > $*	$@ $>MilwardPortal $2
R< tlsp > < $* > $*	$@ $>MilwardEncrypted $2
R< verp > < $* > $*	$@ $>MilwardVerified $2
R$*	$#error $@ 4.7.0 $: "451 no TLS level is known for this route"

# The same at a recipient. The connection may be an old one: then the certificate was looked at for another domain, perhaps, and its
# names are those of a later connection now.
SMilwardAgain
R$*	$: $1 $| $>MilwardAtPortal
R$* $| $*	$: < $&{mw_route} > < $2 > $1
R< ver > < no > $*	$@ $>MilwardHeld $1
R< verp > < no > $*	$@ $>MilwardHeld $1
R< $* > < $* > $*	$@ $>MilwardTls $3

SMilwardHeld
R$*	$: $1 $| $>MilwardEncrypted $1
R$* $| $#$*	$#$2
R$* $| $*	$: < $&{mw_held} > $>MilwardDomain
R< $&{server_name} / $&{mw_held_for} > $&{mw_held_for}	$@ OK
R< $* > $*	$: $&{server_name} $(milward_set {mw_domain} $@ $2 $)
R$+ .	$: $1
R$*	$: $>MilwardIsBelow $1
ROK	$@ OK
R$*	$#error $@ 4.7.0 $: "451 the connection was verified for another domain"

# Is this host the portal, next after those of the domain?
SMilwardAtPortal
R$*	$: < $&{server_addr} > < $&{server_name} >
ifelse(_MILWARD_HOST_, `', `dnl', `R< _MILWARD_HOST_ > < $* >	$@ portal
R< $* > < _MILWARD_HOST_ >	$@ portal
R< $* > < _MILWARD_HOST_ . >	$@ portal')
R$*	$@ no

# May mail that has come to the portal stay there? Yes, when a host of the domain has shown that it cannot do what is demanded. Else
# they could not be reached: an outage, which waits. Asked at each recipient, and not before, because Sendmail remembers a host that
# failed before, and would not try the portal for the mail behind this. (That a host of the domain failed it remembers too, and skips
# that host for the next message of the same queue run: hence a list of domains.)
SMilwardMay
R$*	$: < $&{mw_route} > $>MilwardAtPortal
R< tlsp > portal	$: < > $>MilwardDomain
R< verp > portal	$: < > $>MilwardDomain
R< $* > no	$@ OK
R< $+ > portal	$@ OK
R< > $*	$: < $&{mw_no} > $1 $(milward_set {mw_domain} $@ $1 $)
R< $* / $&{mw_domain} / $* > $*	$@ OK
R< $* > $*	$: $2 $| $(milward_mx $2 $: NO $)
R$* $| NO	$: $1 $| $(milward_a $1 $: NO $)
R$* $| NO	$: $1 $| $(milward_aaaa $1 $: NO $)
R$* $| NO	$#error $@ 5.1.2 $: "550 there is no such domain"
R$*	$#error $@ 4.4.1 $: "451 no host of the domain can be asked for TLS now"

# The domain of this delivery.
SMilwardDomain
R$*	$: $&h
R[ $+ ] $*	$@ $1
R$+ : $*	$: $1
R$+ .	$: $1

SMilwardPortal
ifelse(_MILWARD_PORTAL_TLS_, `none', `R$*	$@ OK',
_MILWARD_PORTAL_TLS_, `secure', `R$*	$: $1 $(milward_set {mw_domain} $@ _MILWARD_HOST_ $)
R$*	$@ $>MilwardCertificate $1',
`R$*	$@ $>MilwardEncrypted $1')

# In: what ${verify} says. TEMP is 454, and CONFIG an error on our side: both may be better tomorrow.
SMilwardEncrypted
R$*	$: $1 $| $&{cipher_bits}
RTEMP $| $*	$@ $>MilwardNo 4.7.0 $| "451 TLS is required, and the host has none for now"
RCONFIG $| $*	$#error $@ 4.7.0 $: "451 TLS is required, and the settings here do not allow it"
RCLEAR $| $*	$#error $@ 4.7.0 $: "451 TLS is required, and switched off here"
RSOFTWARE $| $*	$@ $>MilwardNo 5.7.5 $| "550 TLS is required, and the handshake failed"
RPROTOCOL $| $*	$@ $>MilwardNo 5.7.4 $| "550 TLS is required, and the host refused to start it"
RNONE $| $*	$@ $>MilwardNo 5.7.4 $| "550 TLS is required, and was not offered"
R$* $| $-	$: $(milward_arith l $@ $2 $@ 112 $)
RFALSE	$@ OK
R$*	$@ $>MilwardNo 5.7.4 $| "550 TLS is required, and too weak"

SMilwardVerified
R$*	$: $1 $| $>MilwardDomain
R$* $| $*	$: $1 $(milward_set {mw_domain} $@ $2 $) $(milward_set {mw_held} $) $(milward_set {mw_held_for} $@ $2 $)
R$*	$: $>MilwardCertificate $1
R$#$*	$@ $#$1
R$*	$@ OK $(milward_set {mw_held} $@ $&{server_name} / $&{mw_held_for} $)

# Encrypted, by a certificate of a trusted authority, that names {mw_domain}, or a host that is below it or in the table.
SMilwardCertificate
R$*	$: $1 $| $>MilwardEncrypted $1
R$* $| $#$*	$#$2
ROK $| $*	$: < $&{mw_domain} > $&{server_name}
RTRUSTED $| $*	$: < $&{mw_domain} > $&{server_name}
R$* $| $*	$@ $>MilwardNo 5.7.5 $| "550 the certificate of the host is not to be trusted"
R< $* > $+ .	$: < $1 > $2
R< $={cert_altnames} > $*	$@ OK
R< $+ > $*	$: $2 $(milward_set {mw_domain} $@ $1 $)
R$={cert_altnames}	$@ $>MilwardBelow $1
R$- . $+	$: $1 . $2 $| * . $2
R$* $| $={cert_altnames}	$@ $>MilwardBelow $1
R$*	$@ $>MilwardNo 5.7.5 $| "550 the certificate of the host does not name it"

SMilwardBelow
R$*	$: $>MilwardIsBelow $1
ROK	$@ OK
RTEMP	$#error $@ 4.7.0 $: "451 nobody can tell now whether the host is one of the domain"
R$*	$@ $>MilwardNo 5.7.5 $| "550 the host is not one of the domain"

# In: a host. OK: it is {mw_domain}, or below it, or the table says so (domain/host, or domain/.parent of the host), or milward-lookup:
# a list with colons of hosts and .parents. TEMP: nobody knows now.
SMilwardIsBelow
R$&{mw_domain}	$@ OK
R$* . $&{mw_domain}	$@ OK
ifelse(_MILWARD_NAMES_, `', `dnl',
`R$+	$: < ? > $1 $| $1
R< ? > $+ $| $*	$: < $(milward_names $&{mw_domain}/$1 $: ? $) > $1 $| $2
R< ? > $- . $+ $| $*	< $(milward_names $&{mw_domain}/.$2 $: ? $) > $2 $| $3
R< ? > $* $| $+	$: $2
R< $+ > $*	$@ OK')
ifelse(_MILWARD_LOOKUP_, `', `dnl',
`R$+	$: $1 $| $(verified $&{mw_domain} $: ? $)
R$* $| $* <TMPF>	$@ TEMP
R$* $| ?	$@ NO
R$* $| $+	$: $1 $| $(milward_list $2 $)
R$* $| $+	$: $1 $| $(milward_list_alone $2 $)
R$* $| $+	$: $1 $| : $2 :
R$* $| $*	$: $1 $| $2 $(milward_set {mw_host} $@ $1 $)
R$* $| $* : $&{mw_host} : $*	$@ OK
R$- . $+ $| $*	$: $3 $(milward_set {mw_host} $@ .$2 $)
R$* : $&{mw_host} : $*	$@ OK')
R$*	$@ NO

# In: status $| reply. The domain is noted, because the portal may be next. What is wrong with the portal is for the site to mend, and
# says nothing of the domain.
SMilwardNo
R$*	$: $1 $| $>MilwardAtPortal
R$* $| $* $| portal	$#error $@ 4.7.0 $: "451 the portal does not do TLS as it must"
R$* $| $* $| no	$: $1 $| $2
ifelse(_MILWARD_OWN_, `yes', `# It is not over yet: rule 0 finds what is noted here at the next try.
R$*	$: < $&{mw_route} > $1
R< tlsp > $* $| $*	$: < > 4.7.0 $| "451 no TLS as it is required: this goes to the portal when it is tried again"
R< verp > $* $| $*	$: < > 4.7.0 $| "451 no verified TLS as it is required: this goes to the portal when it is tried again"
R< $* > $*	$: $2', `dnl')
R$* $| $*	$: $1 $| $2 $| $>MilwardDomain
R$* $| $* $| $*	$: < $&{mw_no} > $1 $| $2 $(milward_set {mw_domain} $@ $3 $)
R< $* / $&{mw_domain} / $* > $* $| $*	$#error $@ $3 $: $4
R< $+ > $*	$: < $(milward_long $1 $) > $2
R< > $*	$: < / > $1
R< @LONG > $*	$: < / > $1
R< $* > $* $| $*	$: $2 $| $3 $(milward_set {mw_no} $@ / $&{mw_domain} $1 $)
R$* $| $*	$#error $@ $1 $: $2

MAILER_DEFINITIONS
# ---- milward
# The tag comes off on the wire.
SMilwardUntag
R$*	$: $>EnvToSMTP $1
R$* < @ $+ . $={MilwardTag} . invalid . > $*	$@ $1 < @ $2 . > $4
R$* < @ $+ . $={MilwardTag} . invalid > $*	$@ $1 < @ $2 > $4

# The ruleset of the sender runs when a delivery begins: it notes what this delivery demands. Every other mailer clears it.
SEnvFromSMTP
R$*	$: $1 $(milward_set {mw_route} $@ none $)

SMilwardFromTls
R$*	$: $>EnvFromSMTP $1
R$*	$: $1 $(milward_set {mw_route} $@ tls $)

SMilwardFromVer
R$*	$: $>EnvFromSMTP $1
R$*	$: $1 $(milward_set {mw_route} $@ ver $)

Mmilward-tls,	P=[IPC], F=mDFMuXa8, S=MilwardFromTls/HdrFromSMTP, R=MilwardUntag/EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=TCP $h
Mmilward-ver,	P=[IPC], F=mDFMuXa8, S=MilwardFromVer/HdrFromSMTP, R=MilwardUntag/EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=TCP $h
ifelse(_MILWARD_PORTAL_, `', `dnl', `
SMilwardFromTlsp
R$*	$: $>EnvFromSMTP $1
R$*	$: $1 $(milward_set {mw_route} $@ tlsp $)

SMilwardFromVerp
R$*	$: $>EnvFromSMTP $1
R$*	$: $1 $(milward_set {mw_route} $@ verp $)

SMilwardFromPortal
R$*	$: $>EnvFromSMTP $1
R$*	$: $1 $(milward_set {mw_route} $@ portal $)

Mmilward-tlsp,	P=[IPC], F=mDFMuXa8, S=MilwardFromTlsp/HdrFromSMTP, R=MilwardUntag/EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=TCP $h
Mmilward-verp,	P=[IPC], F=mDFMuXa8, S=MilwardFromVerp/HdrFromSMTP, R=MilwardUntag/EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=TCP $h
ifelse(_MILWARD_OWN_, `yes', `dnl', `
Mmilward-portal,	P=[IPC], F=mDFMuXa8, S=MilwardFromPortal/HdrFromSMTP, R=MilwardUntag/EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=TCP $h')')
ifelse(_MILWARD_SEAL_, `', `dnl', `
# The sealing agent takes the tag off itself; it answers for each recipient.
Mmilward-seal,	P=[IPC], F=mzDFMuXa8, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\r\n, L=990,
		T=DNS/RFC822/SMTP, A=FILE _MILWARD_SEAL_')
