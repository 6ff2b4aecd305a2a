#!/usr/bin/env node
// Shows a coin's minutes and follows its price, with every digit, without any package: Node 18 or newer, a browser, Deno.
//
//     candles.mjs [coin] [http://localhost:8080] [how many prices, 0 for ever]
//
// The API and the stream write decimals as strings, because JSON.parse would round numbers. Keep them strings, or give them
// to a decimal library; Number() is for drawing only.

const [coin = "bitcoin", address = "http://localhost:8080", count = "0"] = process.argv.slice(2);

const candles = await fetch(`${address}/v1/candles/${encodeURIComponent(coin)}?interval=1m&limit=5`);
if (!candles.ok) throw new Error(`${candles.status}: ${(await candles.json()).detail}`);
for (const { start, open, high, low, close } of (await candles.json()).candles) {
  console.log(`${start} open ${open} high ${high} low ${low} close ${close}`);
}

let shown = 0;
let last = "";
for (;;) {
  try {
    const headers = last ? { "Last-Event-ID": last } : {};
    const stream = await fetch(`${address}/v1/stream?coins=${encodeURIComponent(coin)}&kinds=price`, { headers });
    for await (const event of events(stream.body)) {
      if (event.id) last = event.id;
      if (event.type !== "price") continue;
      const { price, timestamp } = JSON.parse(event.data);
      console.log(`${timestamp} ${coin} ${price}`);
      if (++shown === Number(count)) process.exit(0);
    }
  } catch (error) {
    console.error(`the stream broke, trying again: ${error.message}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

// The events of a body of Server-Sent Events. A browser's EventSource does this, and comes back, by itself.
async function* events(body) {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const event = { type: "message", data: "", id: "" };
      for (const line of text.slice(0, end).split("\n")) {
        const [, field, value] = line.match(/^([a-z]+): ?(.*)$/) ?? [];
        if (field === "data") event.data += value;
        if (field === "event") event.type = value;
        if (field === "id") event.id = value;
      }
      yield event;
    }
  }
}
