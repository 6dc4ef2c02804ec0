// An OpenID provider on a free port of localhost; its first line is its address.
import http from "node:http";
import { Provider } from "oidc-provider";

const { client, secret, back, lean } = JSON.parse(process.argv[1]);
const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [back], grant_types: ["authorization_code"], response_types: ["code"] }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email", "email_verified"] },
    conformIdTokenClaims: lean,
    cookies: { keys: ["only for a test"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, email: `${id}@police.example`, email_verified: id !== "unverified" }),
    }),
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify(issuer));
});
