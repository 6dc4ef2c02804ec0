// Loads the page anew when something has changed, unless somebody is typing.
"use strict";
const every = 2000; // milliseconds

// What moves by itself is not news.
const gist = (s) => JSON.stringify(s, (key, value) => ["at", "heard", "last", "times"].includes(key) ? undefined : value);

const typing = () => [...document.querySelectorAll("input:not([type=hidden])")]
	.some((field) => field === document.activeElement || field.value !== field.defaultValue);

let known;
async function look() {
	try {
		const status = await (await fetch("/status.json")).json();
		document.querySelectorAll("[data-ago]").forEach((t) => {
			const seconds = Math.max(0, Math.round((Date.now() - Date.parse(t.dateTime)) / 1000));
			t.textContent = seconds + " s ago";
		});
		status.feeds.filter((f) => f.heard).forEach((f, n) => {
			const t = document.querySelectorAll("[data-ago]")[n];
			if (t) t.dateTime = f.heard;
		});
		if (known && gist(status) !== known && !typing()) location.replace("/");
		known ??= gist(status);
	} catch {
		const banner = document.querySelector(".banner");
		banner.className = "banner ill";
		banner.querySelector("h2").textContent = "The receiver does not run any more";
	}
}
look();
setInterval(look, every);
