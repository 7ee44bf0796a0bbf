// IPC and ports of one document run over one binary WebSocket, and the socket lives in a SharedWorker: Playwright's network
// tracking does not see it there (in the page it makes every message several times slower), and the page's content
// security policy does not apply to it.

export const workerPath = "/__stand-in__/socket.js";
export const socketPath = "/__stand-in__/socket";

/** The worker: told a URL, it connects, says "open", and passes binary messages on in both directions. */
export const workerSource = `
onconnect = ({ ports: [page] }) => {
  let socket;
  page.onmessage = ({ data }) => {
    if (typeof data !== "string") return socket.send(data);
    socket = new WebSocket(data);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => page.postMessage("open");
    socket.onmessage = (message) => page.postMessage(message.data, [message.data]);
  };
};
`;
