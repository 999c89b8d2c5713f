// Comunica on a graph in memory: node peers.js MODULES GRAPH OUT SECONDS QUESTION...
const [modules, graph, out, seconds, ...questions] = process.argv.slice(2);
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const load = createRequire(path.join(modules, 'node_modules', 'x.js'));
const { QueryEngine } = load('@comunica/query-sparql-file');
const { Store, StreamParser } = load('n3');

const spent = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };

async function main() {
  const store = new Store();
  const parser = fs.createReadStream(graph).pipe(new StreamParser({ format: 'N-Triples' }));
  for await (const quad of parser) store.addQuad(quad);
  const engine = new QueryEngine();
  for (const question of questions) {
    const text = fs.readFileSync(question, 'utf8');
    const ask = async () => {
      const answer = await engine.query(text, { sources: [store] });
      const { data } = await engine.resultToString(answer, 'text/csv');
      const file = fs.createWriteStream(out);
      for await (const chunk of data) file.write(chunk);
      await new Promise((done) => file.end(done));
    };
    await ask();
    const began = spent();
    let count = 0;
    while (count === 0 || spent() - began < Number(seconds)) { await ask(); count += 1; }
    const rows = fs.readFileSync(out, 'utf8').trimEnd().split('\n').length - 1;
    console.log(path.parse(question).name, (spent() - began) / count, rows);
  }
}
main();
