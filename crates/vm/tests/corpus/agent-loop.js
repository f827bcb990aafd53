// A conversation that grows with every step, as agents have it.
export async function runTask(input, tools) {
  const messages = [{ role: 'user', content: 'start' }];
  for (let turn = 0; turn < 18; turn++) {
    try {
      const answer = await tools.model.chat({ messages: messages.slice(-3), turn });
      messages.push({ role: 'assistant', content: JSON.stringify(answer ?? null).slice(0, 300) });
    } catch (error) {
      messages.push({ role: 'tool', content: `${error.name} ${error.code} ${error.message}` });
    }
  }
  return messages.map((message) => message.role[0] + message.content.length).join(' ');
}
