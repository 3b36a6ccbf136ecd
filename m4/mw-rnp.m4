# MW_RNP: RNP_CFLAGS and RNP_LIBS of librnp, the library of OpenPGP. RNP 0.18.0 is refused by name: its session keys are not random
# (CVE-2025-13470), so that what it encrypts can be read by anybody.
AC_DEFUN([MW_RNP], [
	PKG_CHECK_EXISTS([librnp = 0.18.0], [
		AC_MSG_ERROR([RNP 0.18.0 encrypts with keys that are not random (CVE-2025-13470): install 0.18.1, or a version before 0.18; or configure --without-seal-openpgp])])
	PKG_CHECK_MODULES([RNP], [librnp >= 0.16.1])
])
