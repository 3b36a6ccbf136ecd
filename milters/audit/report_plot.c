/* SPDX-License-Identifier: Apache-2.0 */
#include "report_plot.h"

#include <string.h>

#define WIDTH 900
#define LEFT 60 /* of columns: room for the numbers of the axis */
#define HEIGHT 240
#define ROW 24	  /* of a bar */
#define NAMES 300 /* octets of room for names, in front of bars */

void mw_report_escape(FILE *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '&')
			fputs("&amp;", out);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c == '\'')
			fputs("&#39;", out);
		else if (c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0)
			fputc('?', out), s++;
		else
			fputc(c < ' ' || c == 0x7f ? '?' : c, out);
	}
}

static void begin(FILE *out, const char *what, int height)
{
	fprintf(out, "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, height);
	mw_report_escape(out, what);
	fputs("\">\n", out);
}

/* 1, 2 or 5 times a power of ten, so that there are at most five steps to n. */
static json_int_t step_of(json_int_t n)
{
	json_int_t step = 1;

	for (int i = 0; step * 5 < n; i++)
		step = i % 3 == 1 ? step / 2 * 5 : step * 2;
	return step;
}

static json_int_t sum(mw_report_value_fn value, const void *ctx, size_t at, size_t series)
{
	json_int_t n = 0;

	for (size_t s = 0; s < series; s++)
		n += value(ctx, at, s);
	return n;
}

static void legend(FILE *out, const struct mw_report_series *series, size_t n, const json_int_t *all)
{
	fputs("<p class=\"legend\">", out);
	for (size_t s = 0; s < n; s++)
		if (all[s])
			fprintf(out, "<span><i class=\"%s\"></i>%s</span> ", series[s].klass, series[s].name);
	fputs("</p>\n", out);
}

static void total(json_int_t *all, size_t rows, size_t series, mw_report_value_fn value, const void *ctx)
{
	for (size_t s = 0; s < series; s++)
		for (size_t i = 0; i < rows; i++)
			all[s] += value(ctx, i, s);
}

static void axis(FILE *out, json_int_t most)
{
	json_int_t step = step_of(most);

	for (json_int_t n = 0; n <= most; n += step) {
		double y = HEIGHT - 20 - (double)(HEIGHT - 30) * (double)n / (double)most;

		fprintf(out,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text class=\"end\" x=\"%d\" "
			"y=\"%.1f\">%" JSON_INTEGER_FORMAT "</text>\n",
			LEFT, WIDTH, y, y, LEFT - 6, y + 4, n);
	}
}

void mw_report_plot_days(FILE *out, const char *what, size_t days, const struct mw_report_series *series, size_t n,
			 mw_report_value_fn value, const void *ctx)
{
	double pitch = (double)(WIDTH - LEFT) / (double)days;
	json_int_t all[16] = {0}, most = 1;

	for (size_t d = 0; d < days; d++)
		most = sum(value, ctx, d, n) > most ? sum(value, ctx, d, n) : most;
	total(all, days, n, value, ctx);
	legend(out, series, n, all);
	begin(out, what, HEIGHT);
	axis(out, most);
	for (size_t d = 0; d < days; d++) {
		double x = LEFT + pitch * (double)d, y = HEIGHT - 20;

		for (size_t s = 0; s < n; s++) {
			json_int_t v = value(ctx, d, s);
			double high = (double)(HEIGHT - 30) * (double)v / (double)most;

			if (!v)
				continue;
			y -= high;
			fprintf(out,
				"<rect class=\"%s\" x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\"><title>Day %zu, %s: "
				"%" JSON_INTEGER_FORMAT "</title></rect>\n",
				series[s].klass, x + 2, y, pitch - 4, high, d + 1, series[s].name, v);
		}
		fprintf(out, "<text class=\"mid\" x=\"%.1f\" y=\"%d\">%zu</text>\n", x + pitch / 2, HEIGHT - 5, d + 1);
	}
	fputs("</svg></div>\n", out);
}

static void bar(FILE *out, size_t at, const struct mw_report_series *series, size_t n, mw_report_value_fn value, const void *ctx,
		json_int_t whole)
{
	const double room = WIDTH - NAMES - 70;
	json_int_t all = sum(value, ctx, at, n);
	double x = NAMES;

	for (size_t s = 0; s < n; s++) {
		json_int_t v = value(ctx, at, s);
		double wide = whole ? room * (double)v / (double)whole : 0;

		if (!v)
			continue;
		fprintf(out,
			"<rect class=\"%s\" x=\"%.2f\" y=\"%zu\" width=\"%.2f\" height=\"%d\"><title>%s: %" JSON_INTEGER_FORMAT
			"</title></rect>\n",
			series[s].klass, x, at * ROW + 4, wide, ROW - 7, series[s].name, v);
		x += wide;
	}
	fprintf(out, "<text x=\"%.1f\" y=\"%zu\">%" JSON_INTEGER_FORMAT "</text>\n", x + 6, at * ROW + 17, all);
}

void mw_report_plot_bars(FILE *out, const char *what, size_t bars, mw_report_name_fn name, const struct mw_report_series *series,
			 size_t n, mw_report_value_fn value, const void *ctx, int share)
{
	json_int_t all[16] = {0}, most = 0;

	for (size_t i = 0; i < bars; i++)
		most = sum(value, ctx, i, n) > most ? sum(value, ctx, i, n) : most;
	total(all, bars, n, value, ctx);
	if (n > 1)
		legend(out, series, n, all);
	begin(out, what, (int)bars * ROW + 4);
	for (size_t i = 0; i < bars; i++) {
		char text[160];
		/* what does not fit is cut where a character begins; the table beside it has all */
		int length = snprintf(text, sizeof(text), "%.44s", name(ctx, i));

		while (length > 0 && strlen(name(ctx, i)) > 44 && ((unsigned char)name(ctx, i)[length] & 0xc0) == 0x80)
			text[--length] = '\0';
		fprintf(out, "<text class=\"end\" x=\"%d\" y=\"%zu\">", NAMES - 8, i * ROW + 17);
		mw_report_escape(out, *text ? text : "(none)");
		fputs(strlen(name(ctx, i)) > 44 ? "…</text>\n" : "</text>\n", out);
		bar(out, i, series, n, value, ctx, share ? sum(value, ctx, i, n) : most);
	}
	fputs("</svg></div>\n", out);
}

void mw_report_plot_strip(FILE *out, const char *what, size_t days, mw_report_value_fn value, const void *ctx)
{
	double pitch = (double)(WIDTH - LEFT) / (double)days;

	begin(out, what, 44);
	for (size_t d = 0; d < days; d++) {
		json_int_t v = value(ctx, d, 0);
		double x = LEFT + pitch * (double)d;

		fprintf(out,
			"<rect class=\"%s\" x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"16\"><title>Day %zu: %" JSON_INTEGER_FORMAT
			" records</title></rect><text class=\"mid\" x=\"%.1f\" y=\"36\">%zu</text>\n",
			v ? "w-yes" : "w-no", x + 1, pitch - 2, d + 1, v, x + pitch / 2, d + 1);
	}
	fputs("</svg></div>\n", out);
}
