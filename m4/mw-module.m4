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

# MW_STATIC_MODULES: writes static_modules.inc, the rows of the linked-in descriptors, which src/engine/linked_in.c includes, and
# static_extractors.inc for src/reader/linked_in.c.
AC_DEFUN([MW_STATIC_MODULES], [
	AC_CONFIG_COMMANDS([static_modules.inc], [
		for file in static_modules.inc static_extractors.inc; do
			{
				echo "/* made by configure: modules that are linked in */"
				for id in $mw_static_ids; do
					case $file:$id in
					static_modules.inc:* | *:extract_*) echo "MW_STATIC_MODULE($id)" ;;
					esac
				done
			} >$file.new
			cmp -s $file.new $file && rm -f $file.new || mv $file.new $file
		done
	], [mw_static_ids="$mw_static_ids"])
])

# MW_INSTALLED: writes installed.h, where the programs look for what is installed. A header and no options of the compiler: a handful of
# files needs it, and the objects of all others are the same whatever the prefix is, which ccache(1) knows to use.
AC_DEFUN([MW_INSTALLED], [
	AC_CONFIG_COMMANDS([installed.h], [
		{
			echo "/* made by configure: folders of this installation */"
			for mw_row in "MW_MODULE_DIR $moduledir" "MW_POLICY_DIR $policydir" "MW_READER $readerdir/milward-reader" \
				"MW_SETUP_DIR $setupdir" "MW_CONF_DIR $sysconfdir/milward"; do
				mw_value=${mw_row#* }
				while :; do
					case $mw_value in *'$'*) eval "mw_value=\"$mw_value\"" ;; *) break ;; esac
				done
				echo "#define ${mw_row%% *} \"$mw_value\""
			done
		} >installed.h.new
		cmp -s installed.h.new installed.h && rm -f installed.h.new || mv installed.h.new installed.h
	], [
		prefix='$prefix' exec_prefix='$exec_prefix' datarootdir='$datarootdir' datadir='$datadir' libdir='$libdir'
		libexecdir='$libexecdir' sysconfdir='$sysconfdir'
		moduledir='$moduledir' policydir='$policydir' readerdir='$readerdir' setupdir='$setupdir'
		test "\$prefix" != NONE || prefix=$ac_default_prefix
		test "\$exec_prefix" != NONE || exec_prefix='\${prefix}'
	])
])
