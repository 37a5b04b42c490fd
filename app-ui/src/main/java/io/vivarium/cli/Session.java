package io.vivarium.cli;

import io.vivarium.client.Json;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumHost;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one run of the command works with. */
final class Session {
  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;
  private @Nullable VivariumHost host;

  Session(Map<String, String> environment, PrintStream out, PrintStream err) {
    this.environment = environment;
    this.out = out;
    this.err = err;
  }

  PrintStream out() {
    return out;
  }

  PrintStream err() {
    return err;
  }

  /** Opened at the first use. */
  Vivarium vivarium() throws VivariumException {
    return host();
  }

  VivariumHost host() throws VivariumException {
    VivariumHost open = host;
    if (open == null) {
      open = VivariumHost.open(home());
      host = open;
    }
    return open;
  }

  private Path home() {
    return VivariumHost.homeOf(environment);
  }

  void json(Object value) {
    out.println(Json.pretty(value));
  }
}
