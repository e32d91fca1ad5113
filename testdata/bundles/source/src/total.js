import pad from 'pad';
export const line = (name, amount) => `${pad(name, 20, '.')} ${amount.toFixed(2)}`;
