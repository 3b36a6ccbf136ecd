# MW_COMPILER: warnings and hardening that the compiler has. --enable-werror makes warnings fatal (CI does).
AC_DEFUN([MW_COMPILER], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [warnings are errors])], [], [enable_werror=no])
	MW_CFLAGS="-std=c11 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla"
	AS_IF([test "$enable_werror" = yes], [MW_CFLAGS="$MW_CFLAGS -Werror"])
	MW_LDFLAGS=""
	for flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection -fvisibility=hidden -fno-strict-overflow; do
		MW_TRY_FLAG([MW_CFLAGS], [$flag])
	done
	for flag in -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack; do
		MW_TRY_FLAG([MW_LDFLAGS], [$flag])
	done
	# Fortify needs an optimised build, and distributions set it themselves.
	case "$CFLAGS $CPPFLAGS" in
	*_FORTIFY_SOURCE*|*-O0*) ;;
	*) MW_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" ;;
	esac
	AC_SUBST([MW_CFLAGS])
	AC_SUBST([MW_CPPFLAGS])
	AC_SUBST([MW_LDFLAGS])
])

# MW_TRY_FLAG(VARIABLE, FLAG): append FLAG when a program compiles and links with it.
AC_DEFUN([MW_TRY_FLAG], [
	mw_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror $2"
	AC_MSG_CHECKING([whether the compiler takes $2])
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes]); $1="[$]$1 $2"], [AC_MSG_RESULT([no])])
	CFLAGS=$mw_save_CFLAGS
])

# MW_SANITIZER: --enable-sanitizer=address,undefined or thread.
AC_DEFUN([MW_SANITIZER], [
	AC_ARG_ENABLE([sanitizer], [AS_HELP_STRING([--enable-sanitizer=LIST], [build with -fsanitize=LIST])], [], [enable_sanitizer=no])
	AC_ARG_ENABLE([fuzzer], [AS_HELP_STRING([--enable-fuzzer], [build the fuzzers for libFuzzer (clang)])], [], [enable_fuzzer=no])
	mw_sanitizer=none
	AS_IF([test "$enable_sanitizer" != no], [
		mw_sanitizer=$enable_sanitizer
		MW_CFLAGS="$MW_CFLAGS -fsanitize=$enable_sanitizer -fno-omit-frame-pointer -fno-sanitize-recover=all"
		MW_LDFLAGS="$MW_LDFLAGS -fsanitize=$enable_sanitizer"
		MW_CPPFLAGS=""
	])
	AS_IF([test "$enable_fuzzer" = yes], [MW_CFLAGS="$MW_CFLAGS -fsanitize=fuzzer-no-link"])
	AM_CONDITIONAL([FUZZER], [test "$enable_fuzzer" = yes])
])

# MW_LIBMILTER: header, library, and whether the build has the worker pool (for the report; the code stands either model).
AC_DEFUN([MW_LIBMILTER], [
	AC_CHECK_HEADER([libmilter/mfapi.h], [], [AC_MSG_ERROR([libmilter/mfapi.h is missing (Debian: libmilter-dev)])])
	AC_CHECK_LIB([milter], [smfi_setsymlist], [MILTER_LIBS=-lmilter],
		[AC_MSG_ERROR([libmilter with smfi_setsymlist is missing (Debian: libmilter-dev)])], [-lpthread])
	AC_CHECK_LIB([milter], [mi_pool_controller_init], [mw_milter_pool=yes], [mw_milter_pool="no, a thread a connection"], [-lpthread])
	AC_SUBST([MILTER_LIBS])
])
