// Recursion that waits at every level, and plain recursion between waits.
export async function runTask(input, tools) {
  const ackermann = (m, n) => (m === 0 ? n + 1 : n === 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)));
  async function hanoi(n, from, to, by, moves = []) {
    if (n === 0) return moves;
    await hanoi(n - 1, from, by, to, moves);
    moves.push(await tools.echo.move(from + to));
    return hanoi(n - 1, by, to, from, moves);
  }
  const depth = async (n) => (n === 0 ? tools.echo.bottom(0) : 1 + (await depth(n - 1)));
  return [(await hanoi(4, 'a', 'c', 'b')).join(' '), ackermann(2, 3), await depth(60)];
}
