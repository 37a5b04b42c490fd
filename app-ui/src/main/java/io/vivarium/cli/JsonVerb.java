package io.vivarium.cli;

import picocli.CommandLine.Option;

/** A verb that can answer in JSON. */
abstract class JsonVerb extends Verb {
  @Option(names = "--json", description = "Answer in JSON.")
  boolean json;

  JsonVerb(Session session) {
    super(session);
  }
}
