// npm web-push as its manual shows it, with one keep-alive agent for all
// pushes. Questions and answers are JSON lines: the task first, then rounds.
const fs = require('fs'), https = require('https'), readline = require('readline'), webpush = require('web-push');

let task, options;

function prepare(t) {
	task = t;
	options = {
		vapidDetails: { subject: t.subject, publicKey: t.public, privateKey: t.private },
		TTL: t.notice.ttl, urgency: t.notice.urgency, topic: t.notice.topic, contentEncoding: 'aes128gcm',
		agent: new https.Agent({ keepAlive: true, maxSockets: t.at_once, ca: fs.readFileSync(t.certificate) }),
	};
	return true;
}

async function round(people) {
	let next = 0, failed = 0, why = '';
	const one = async () => {
		while (next < people) {
			try {
				await webpush.sendNotification(task.subscriptions[next++], task.notice.payload, options);
			} catch (e) {
				why = failed++ ? why : String(e.message) + ' ' + (e.statusCode || '');
			}
		}
	};
	const begun = process.hrtime.bigint(), before = process.cpuUsage();
	await Promise.all(Array.from({ length: task.at_once }, one));
	const used = process.cpuUsage(before);
	return {
		seconds: Number(process.hrtime.bigint() - begun) / 1e9, cpu: used.user + used.system,
		peak_mb: process.resourceUsage().maxRSS / 1024, failed, why,
	};
}

(async () => {
	for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
		let reply;
		try {
			const question = JSON.parse(line);
			reply = { answer: task ? await round(Math.min(question.people, task.subscriptions.length)) : prepare(question) };
		} catch (e) {
			reply = { error: String(e.stack) };
		}
		process.stdout.write(JSON.stringify(reply) + '\n');
	}
	process.exit(0);
})();
