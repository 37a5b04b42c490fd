package io.vivarium.cli;

import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What all verbs share. */
abstract class Verb implements Callable<Integer> {
  final Session session;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  Verb(Session session) {
    this.session = session;
  }

  final Vivarium vivarium() throws VivariumException {
    return session.vivarium();
  }
}
