package io.vivarium.cli;

import io.vivarium.client.Finding;
import io.vivarium.client.VivariumException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "fsck",
    sortOptions = false,
    description = {
      "Prove that all that is kept is whole, reading everything; running VMs are not disturbed.",
      "Exit code 0: nothing is damaged, or all of it was repaired; 1: something is."
    })
final class FsckCommand extends JsonVerb {
  private static final int DAMAGED = 1;

  @Option(names = "--repair", description = "Remove litter, and move what is damaged to the trash.")
  boolean repair;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..*",
      description = "VMs to look at (default: all, and the images).")
  List<String> names = new ArrayList<>();

  FsckCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    List<Finding> found;
    try (ProgressView progress = new ProgressView(session.err())) {
      found = vivarium().check(names, repair, progress);
    }
    if (json) {
      session.json(found.stream().map(Shapes::finding).toList());
    } else {
      found.forEach(this::print);
      session.out().println(sum(found));
    }
    return found.stream().anyMatch(one -> one.loss() && !one.repaired()) ? DAMAGED : 0;
  }

  private void print(Finding one) {
    session
        .out()
        .println((one.loss() ? "damaged: " : "litter: ") + one.where() + ": " + one.what());
    if (one.repaired()) {
      session.out().println("  repaired: " + one.repair());
    } else if (!one.repair().isEmpty()) {
      session.out().println("  cure: " + one.repair() + (repair ? "" : " (--repair does it)"));
    } else {
      session.out().println("  nothing can be done about it here");
    }
  }

  private static String sum(List<Finding> found) {
    if (found.isEmpty()) {
      return "All is whole.";
    }
    long damaged = found.stream().filter(Finding::loss).count();
    long repaired = found.stream().filter(Finding::repaired).count();
    return damaged
        + " damaged, "
        + (found.size() - damaged)
        + " litter"
        + (repaired > 0 ? "; " + repaired + " repaired." : ".");
  }
}
