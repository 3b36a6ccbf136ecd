// SPDX-License-Identifier: Apache-2.0
// driver: headless Chromium for tests/mta/lab/browser.py. A line of JSON comes in for each thing to do, one goes out with its result.
// Nothing is decided here: the test says what to do, and judges.
'use strict';
const { chromium } = require('playwright-core');
const fs = require('fs');
const readline = require('readline');

const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const pages = new Map();
let browser;

// What happens by itself on a page, whoever wanted it.
function listen(page, seen) {
	page.on('dialog', async (dialog) => {
		seen.dialogs.push(dialog.message());
		await dialog.dismiss();
	});
	page.on('console', (message) => {
		if (message.type() === 'error' || message.type() === 'warning') seen.console.push(message.text());
	});
	page.on('pageerror', (error) => seen.console.push(String(error)));
	page.on('request', (request) => seen.requests.push(`${request.method()} ${request.url()}`));
	page.on('requestfailed', (request) => seen.failed.push(`${request.url()} ${request.failure().errorText}`));
	page.on('popup', (popup) => seen.popups.push(popup.url()));
}

const special = {
	async open(order) {
		const context = await browser.newContext({ ignoreHTTPSErrors: true, acceptDownloads: true, ...order.options });
		context.setDefaultTimeout(30000);
		const page = await context.newPage();
		const seen = { dialogs: [], console: [], requests: [], failed: [], popups: [] };
		listen(page, seen);
		pages.set(order.page, { context, page, seen });
	},
	async close(order) {
		await pages.get(order.page).context.close();
		pages.delete(order.page);
	},
	seen: (order) => pages.get(order.page).seen,
	cookies: (order) => pages.get(order.page).context.cookies(),
	async status(order) {
		const response = await pages.get(order.page).page.goto(...order.args);
		return { status: response.status(), headers: await response.allHeaders() };
	},
	// What is clicked becomes a file.
	async save(order) {
		const { page } = pages.get(order.page);
		const [download] = await Promise.all([page.waitForEvent('download'), page.click(order.args[0])]);
		return { name: download.suggestedFilename(), path: await download.path() };
	},
	// What is clicked leads to another page.
	async follow(order) {
		const { page } = pages.get(order.page);
		await Promise.all([page.waitForEvent('framenavigated'), page.click(order.args[0])]);
		await page.waitForLoadState('load');
	},
	// Rules that a page breaks, and where.
	async axe(order) {
		const { page } = pages.get(order.page);
		await page.evaluate(axe);
		const late = new Promise((_, reject) => setTimeout(() => reject(new Error('axe-core does not end: may scripts run here?')), 20000).unref());
		const found = await Promise.race([page.evaluate((tags) => axe.run({ runOnly: tags }), RULES), late]);
		return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
	},
	// The text of a frame within the page.
	async frame(order) {
		const { page } = pages.get(order.page);
		return page.frameLocator(order.args[0]).locator('body').innerText();
	},
	async type(order) {
		for (const key of order.args) await pages.get(order.page).page.keyboard.press(key);
	},
	// Widths of what lies beside the screen, and targets that are too small to be hit (WCAG 2.2, 2.5.8).
	layout: (order) => pages.get(order.page).page.evaluate(() => {
		const small = [...document.querySelectorAll('a, button, input:not([type=hidden]), textarea')].filter((e) => {
			const box = e.getBoundingClientRect();
			return box.width && !e.closest('p:not(:has(> .button))') && (box.width < 24 || box.height < 24) && !e.matches('.skip');
		});
		return { beside: document.documentElement.scrollWidth - document.documentElement.clientWidth, small: small.map((e) => e.outerHTML.slice(0, 120)) };
	}),
	focused: (order) => pages.get(order.page).page.evaluate(() => {
		const e = document.activeElement;
		const style = getComputedStyle(e);
		return { what: `${e.tagName} ${e.id || e.getAttribute('href') || e.textContent.trim().slice(0, 40)}`, outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth) };
	}),
};

async function obey(order) {
	if (special[order.call]) return special[order.call](order);
	return pages.get(order.page).page[order.call](...order.args);
}

(async () => {
	browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', ...process.argv.slice(2)] });
	console.log(JSON.stringify({ result: browser.version() }));
	for await (const line of readline.createInterface({ input: process.stdin })) {
		let answer;
		try {
			const result = await obey(JSON.parse(line));
			answer = { result: result === undefined || typeof result === 'function' ? null : result };
		} catch (error) {
			answer = { error: String(error) };
		}
		let text;
		try {
			text = JSON.stringify(answer);
		} catch {
			text = JSON.stringify({ result: null }); // an object of the browser's
		}
		console.log(text);
	}
	await browser.close();
})();
