// SPDX-License-Identifier: Apache-2.0
// Loaded before Azurite. Azure's SDK for C++ asks for "100 Continue" before requests without a body too, and misreads an
// error that arrives together with it, as happens on loopback. So a request without a body is answered at once.
const { ServerResponse } = require("http");
const { writeContinue } = ServerResponse.prototype;

ServerResponse.prototype.writeContinue = function (...rest) {
  if (this.req.headers["content-length"] !== "0") writeContinue.apply(this, rest);
};
