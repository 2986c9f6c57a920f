// Starts the app and, for the demonstration, the two services behind it: in production each runs on its own.
import { billing } from './billing.ts';
import { readSettings } from './config.ts';
import { orders } from './orders.ts';
import { listen } from './start.ts';
import { web } from './web.ts';

const settings = readSettings(process.env);
const { port, ordersPort, billingPort } = settings;
await listen(web(settings), port);
await listen(orders(settings), ordersPort, '127.0.0.1');
await listen(billing(settings), billingPort, '127.0.0.1');
console.log(`Open ${settings.publicUrl} in a browser. (orders: port ${ordersPort}, billing: port ${billingPort})`);
