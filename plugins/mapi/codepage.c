/* SPDX-License-Identifier: Apache-2.0 */
#include "codepage.h"

#include <stddef.h>

static const struct {
	uint32_t number;
	const char *label;
} codepages[] = {
    {437, "cp437"},	     {737, "cp737"},	     {775, "cp775"},	     {850, "cp850"},	     {852, "cp852"},
    {855, "cp855"},	     {857, "cp857"},	     {858, "cp858"},	     {860, "cp860"},	     {861, "cp861"},
    {862, "cp862"},	     {863, "cp863"},	     {864, "cp864"},	     {865, "cp865"},	     {866, "cp866"},
    {869, "cp869"},	     {874, "windows-874"},   {932, "shift_jis"},     {936, "gbk"},	     {949, "euc-kr"},
    {950, "big5"},	     {1200, "utf-16le"},     {1201, "utf-16be"},     {1250, "windows-1250"}, {1251, "windows-1251"},
    {1252, "windows-1252"},  {1253, "windows-1253"}, {1254, "windows-1254"}, {1255, "windows-1255"}, {1256, "windows-1256"},
    {1257, "windows-1257"},  {1258, "windows-1258"}, {1361, "johab"},	     {10000, "macintosh"},   {20127, "us-ascii"},
    {20866, "koi8-r"},	     {20932, "euc-jp"},	     {20936, "gb2312"},	     {21866, "koi8-u"},	     {28591, "iso-8859-1"},
    {28592, "iso-8859-2"},   {28593, "iso-8859-3"},  {28594, "iso-8859-4"},  {28595, "iso-8859-5"},  {28596, "iso-8859-6"},
    {28597, "iso-8859-7"},   {28598, "iso-8859-8"},  {28599, "iso-8859-9"},  {28603, "iso-8859-13"}, {28605, "iso-8859-15"},
    {38598, "iso-8859-8-i"}, {50220, "iso-2022-jp"}, {50221, "iso-2022-jp"}, {50222, "iso-2022-jp"}, {50225, "iso-2022-kr"},
    {51932, "euc-jp"},	     {51936, "gb2312"},	     {51949, "euc-kr"},	     {54936, "gb18030"},     {65000, "utf-7"},
    {65001, "utf-8"},
};

const char *mapi_charset(uint32_t codepage)
{
	for (size_t i = 0; i < sizeof(codepages) / sizeof(*codepages); i++)
		if (codepages[i].number == codepage)
			return codepages[i].label;
	return "";
}
