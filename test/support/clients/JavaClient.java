// Java's HttpClient: URL, host and port of the proxy as arguments, then name and password where the
// proxy asks for them; the body on stdin, the protocol that it spoke to leash on stderr. What to trust
// is for javax.net.ssl.trustStore.
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

public class JavaClient {
  public static void main(String[] args) throws Exception {
    var proxy = new InetSocketAddress(args[1], Integer.parseInt(args[2]));
    var builder = HttpClient.newBuilder().proxy(ProxySelector.of(proxy));
    if (args.length > 3) {
      builder.authenticator(
          new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
              return new PasswordAuthentication(args[3], args[4].toCharArray());
            }
          });
    }
    var client = builder.build();
    var body = BodyPublishers.ofByteArray(System.in.readAllBytes());
    var request = HttpRequest.newBuilder(URI.create(args[0])).POST(body).build();
    var response = client.send(request, BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      System.err.println("status " + response.statusCode());
      System.exit(2);
    }
    System.err.print(response.version());
    System.out.write(response.body());
    System.out.flush();
  }
}
