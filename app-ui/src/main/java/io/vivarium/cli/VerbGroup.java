package io.vivarium.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A verb with verbs of its own, as {@code viv image}: alone it tells them. */
abstract class VerbGroup extends Verb {
  @Spec CommandSpec spec;

  VerbGroup(Session session) {
    super(session);
    this.spec = CommandSpec.create();
  }

  @Override
  public final Integer call() {
    spec.commandLine().usage(session.out());
    return 0;
  }
}
