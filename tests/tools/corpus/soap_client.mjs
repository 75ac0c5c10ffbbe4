// Lets node's SOAP client build and sign one message, and writes it to standard output instead of sending it.
// Standard input: JSON {modules, wsdl, now, values, key, certificate, options, soap12}.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const order = JSON.parse(await text(process.stdin));
const soap = createRequire(order.modules + "/")("soap");

// The client stamps its messages with the clock; all messages of the corpus are of one moment.
const Clock = Date;
globalThis.Date = class extends Clock {
  constructor(...parts) {
    super(...(parts.length === 0 ? [order.now] : parts));
  }
};

class Sent extends Error {}

const httpClient = {
  request(url, data, done) {
    process.stdout.write(data);
    done(new Sent());
  },
};

const client = await soap.createClientAsync(order.wsdl, { httpClient, forceSoap12Headers: order.soap12 });
client.setSecurity(new soap.WSSecurityCert(order.key, order.certificate, "", order.options));
try {
  await client.getInsurabilityForPharmacistAsync(order.values);
  throw new Error("soap has sent nothing");
} catch (error) {
  if (!(error instanceof Sent)) throw error;
}
