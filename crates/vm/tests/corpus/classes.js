// Classes with private fields and methods, accessors, static blocks and inheritance.
export async function runTask(input, tools) {
  class Account {
    static #opened = 0;
    static names = [];
    static { Account.names.push('static'); }
    #balance = 0;
    constructor(name) { this.name = name; Account.names.push(name); Account.#opened += 1; }
    get balance() { return this.#balance; }
    set balance(value) { if (value < 0) throw new RangeError('overdrawn'); this.#balance = value; }
    #book(amount) { this.balance += amount; return this; }
    async pay(amount) { return this.#book(await tools.echo.amount(amount)); }
    static get opened() { return Account.#opened; }
    static has(value) { return #balance in value; }
  }
  class Savings extends Account {
    rate = 0.1;
    get balance() { return Math.round(super.balance * (1 + this.rate)); }
    set balance(value) { super.balance = value; }
    async *history() { yield super.balance; await this.pay(7); yield super.balance; }
  }
  const plain = await new Account('plain').pay(40);
  const savings = await new Savings('savings').pay(100);
  const history = [];
  for await (const step of savings.history()) history.push(step);
  const refused = await plain.pay(-400).catch((error) => `${error.name}: ${error.message}`);
  return [plain.balance, savings.balance, history, refused, Account.opened, Account.names, Account.has(savings), Account.has({})];
}
