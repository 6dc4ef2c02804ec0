// Loads the page anew when something has changed, unless somebody is typing.
"use strict";
const every = 2000; // milliseconds

const typing = () => [...document.querySelectorAll("input:not([type=hidden])")]
	.some((field) => field === document.activeElement || field.value !== field.defaultValue);

async function look() {
	try {
		const answer = await fetch("/status.json");
		const status = await answer.json();
		document.querySelectorAll("[data-ago]").forEach((t) => {
			const seconds = Math.max(0, Math.round((Date.now() - Date.parse(t.dateTime)) / 1000));
			t.textContent = seconds + " s ago";
		});
		status.feeds.filter((f) => f.heard).forEach((f, n) => {
			const t = document.querySelectorAll("[data-ago]")[n];
			if (t) t.dateTime = f.heard;
		});
		if (answer.headers.get("ETag") !== document.body.dataset.mark && !typing()) location.replace("/");
	} catch {
		const banner = document.querySelector(".banner");
		banner.className = "banner ill";
		banner.querySelector("h2").textContent = "The receiver does not run any more";
	}
}
look();
setInterval(look, every);
