// npm smpp as a message centre (argument "centre") and as a client that keeps a
// window full (argument "client"). Questions and answers are JSON lines.
const readline = require('readline'), smpp = require('smpp');

// centre answers each part with an id, and keeps the newest text of each number.
function centre() {
	const texts = new Map(), counts = { parts: 0 };
	let id = 0;
	const server = smpp.createServer((session) => {
		session.socket.setNoDelay(true);
		session.on('error', () => session.close());
		session.on('bind_transceiver', (pdu) => session.send(pdu.response()));
		session.on('enquire_link', (pdu) => session.send(pdu.response()));
		session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
		session.on('submit_sm', (pdu) => {
			counts.parts++;
			const body = pdu.short_message, join = body.udh && body.udh[0]; // 0, 3, ref, parts, part
			const before = join && join[4] > 1 ? texts.get(pdu.destination_addr) : '';
			texts.set(pdu.destination_addr, before + body.message);
			session.send(pdu.response({ message_id: (++id).toString(16) }));
		});
	});
	let listening = false;
	return async (question) => {
		if (!listening) {
			await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
			listening = true;
			return { port: server.address().port };
		}
		let right = 0;
		for (const text of texts.values()) right += text === question.text;
		const parts = counts.parts, used = process.cpuUsage();
		counts.parts = 0;
		texts.clear();
		return { parts, right, cpu: used.user + used.system };
	};
}

// client sends each number its parts, one after the other, with window numbers at once.
function client() {
	let session, task;
	const bind = (t) => new Promise((resolve, reject) => {
		task = t;
		session = smpp.connect({ url: 'smpp://127.0.0.1:' + t.port }, () => {
			session.socket.setNoDelay(true);
			session.bind_transceiver({ system_id: 'tocsin', password: 'secret' }, (pdu) => {
				pdu.command_status === 0 ? resolve(true) : reject(new Error('bind refused: ' + pdu.command_status));
			});
		});
		session.on('error', reject);
	});
	const submit = (message) => new Promise((resolve) => session.submit_sm(message, resolve));
	const round = async (messages) => {
		let next = 0, failed = 0, ref = 0, why = '';
		const one = async () => {
			while (next < messages) {
				const number = task.numbers[next++], join = ref = (ref + 1) % 256;
				for (let part = 0; part < task.parts.length; part++) {
					const body = { message: task.parts[part] };
					if (task.parts.length > 1) body.udh = Buffer.from([5, 0, 3, join, task.parts.length, part + 1]);
					const answer = await submit({
						source_addr: 'TOCSIN', source_addr_ton: 5, destination_addr: number, dest_addr_ton: 1, dest_addr_npi: 1,
						data_coding: 0, registered_delivery: 1, short_message: body,
					});
					if (answer.command_status !== 0) {
						why = failed++ ? why : 'status ' + answer.command_status;
						break;
					}
				}
			}
		};
		const begun = process.hrtime.bigint(), before = process.cpuUsage();
		await Promise.all(Array.from({ length: task.window }, one));
		const used = process.cpuUsage(before);
		return {
			seconds: Number(process.hrtime.bigint() - begun) / 1e9, cpu: used.user + used.system,
			peak_mb: process.resourceUsage().maxRSS / 1024, failed, why,
		};
	};
	return async (question) => session ? round(Math.min(question.messages, task.numbers.length)) : bind(question);
}

const answer = { centre, client }[process.argv[1]]();
(async () => {
	for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
		let reply;
		try {
			reply = { answer: await answer(JSON.parse(line)) };
		} catch (e) {
			reply = { error: String(e.stack) };
		}
		process.stdout.write(JSON.stringify(reply) + '\n');
	}
	process.exit(0);
})();
