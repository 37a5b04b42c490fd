package io.vivarium.cli;

import io.vivarium.client.HostCheck;
import io.vivarium.client.HostCheck.Status;
import io.vivarium.client.VivariumException;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

@Command(name = "doctor", description = "Check whether this host can run VMs, and tell the cures.")
final class DoctorCommand extends JsonVerb {
  DoctorCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    List<HostCheck> checks = vivarium().doctor();
    if (json) {
      session.json(checks.stream().map(Shapes::check).toList());
    } else {
      for (HostCheck check : checks) {
        session
            .out()
            .printf(
                Locale.ROOT,
                "%-8s %-18s %s%n",
                check.status().name().toLowerCase(Locale.ROOT),
                check.title(),
                check.detail());
        if (!check.cure().isEmpty()) {
          session.out().printf(Locale.ROOT, "%-27s -> %s%n", "", check.cure());
        }
      }
    }
    boolean broken = checks.stream().anyMatch(check -> check.status() == Status.ERROR);
    return broken ? 1 : 0;
  }
}
