/** A network that loses things, between an adapter and a venue: a TCP proxy on a free port of this machine. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * Of the requests that place an order:
 * - `pass`: all arrive, and their answers
 * - `lose-answers`: they arrive, and the connection is gone before the answer
 * - `lose-requests`: they do not arrive
 */
export type Weather = "pass" | "lose-answers" | "lose-requests";

export class CutProxy {
  weather: Weather = "pass";
  /** Of the venue: of connections that are made from now on. */
  port: number;
  /** Requests that place an order, as they came from the adapter. */
  placed = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.port = port;
    this.#server = createServer((near) => {
      const far = connect(this.port, "127.0.0.1");
      let isCut = false;
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.on("data", (data) => {
        const places = data.includes("POST /v1/orders");
        if (places) this.placed += 1;
        if (places && this.weather === "lose-requests") return near.destroy();
        if (places && this.weather === "lose-answers") isCut = true;
        far.write(data);
      });
      far.on("data", (data) => {
        if (isCut) near.destroy();
        else near.write(data);
      });
    });
  }

  static async to(port: number): Promise<CutProxy> {
    const proxy = new CutProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every connection is gone; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
