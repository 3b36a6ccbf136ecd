# MW_MODULE(NAME, FOLDER, DEFAULT, [CHECKS]): --with-NAME=yes|shared|no and the conditionals WITH_<NAME>_STATIC, WITH_<NAME>_SHARED.
# CHECKS run only when the module is built. Each module's FOLDER/Makefile.inc uses the conditionals.
AC_DEFUN([MW_MODULE], [
	m4_pushdef([mw_var], [m4_translit([$1], [-], [_])])
	m4_pushdef([mw_up], [m4_toupper(mw_var)])
	AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=yes|shared|no], [$2: linked in, loadable, or left out @<:@$3@:>@])],
		[], [with_[]mw_var=$3])
	AS_CASE([$with_[]mw_var],
		[yes], [mw_static_list="$mw_static_list $1"; mw_static_ids="$mw_static_ids mw_var"],
		[shared], [mw_shared_list="$mw_shared_list $1"],
		[no], [mw_no_list="$mw_no_list $1"],
		[AC_MSG_ERROR([--with-$1 takes yes, shared or no, not "$with_[]mw_var"])])
	AM_CONDITIONAL([WITH_]mw_up[_STATIC], [test "$with_[]mw_var" = yes])
	AM_CONDITIONAL([WITH_]mw_up[_SHARED], [test "$with_[]mw_var" = shared])
	AM_CONDITIONAL([WITH_]mw_up, [test "$with_[]mw_var" != no])
	AS_IF([test "$with_[]mw_var" != no], [m4_default([$4], [:])])
	m4_popdef([mw_up])
	m4_popdef([mw_var])
])

# MW_STATIC_MODULES: writes static_modules.inc, the rows of the linked-in descriptors, which src/engine/loader.c includes.
AC_DEFUN([MW_STATIC_MODULES], [
	AC_CONFIG_COMMANDS([static_modules.inc], [
		{
			echo "/* made by configure: modules that are linked in */"
			for id in $mw_static_ids; do echo "MW_STATIC_MODULE($id)"; done
		} >static_modules.inc.new
		cmp -s static_modules.inc.new static_modules.inc && rm -f static_modules.inc.new || mv static_modules.inc.new static_modules.inc
	], [mw_static_ids="$mw_static_ids"])
])
