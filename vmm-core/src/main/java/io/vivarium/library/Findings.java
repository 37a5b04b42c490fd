package io.vivarium.library;

import io.vivarium.client.Finding;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a check has found so far. Repairs at once where that is wanted and can be. */
final class Findings {
  /** Does what the finding's sentence says. */
  interface Repair {
    void run() throws VivariumException, IOException;
  }

  private final boolean repairing;
  private final Progress progress;
  private final List<Finding> all = new ArrayList<>();
  private String step = "";
  private double from;
  private double part;

  Findings(boolean repairing, Progress progress) {
    this.repairing = repairing;
    this.progress = progress;
  }

  List<Finding> all() {
    return List.copyOf(all);
  }

  /** What is looked at from now on, and which part of all that is. */
  void begin(String what, double itsFrom, double itsPart) throws VivariumException {
    step = what;
    from = itsFrom;
    part = itsPart;
    at(0);
  }

  /** How far that is, from 0.0 to 1.0. */
  void at(double fraction) throws VivariumException {
    if (progress.cancelled()) {
      throw new VivariumException(Kind.CANCELLED, "the check was called off", "");
    }
    progress.update(step, from + part * fraction);
  }

  /** For readers that ask whether to go on; the next {@link #at} tells of calling off. */
  boolean goOn() {
    return !progress.cancelled();
  }

  /** Something of the user's is gone, or cannot be read. */
  void damage(String where, String what, String how, @Nullable Repair repair) {
    add(where, what, how, repair, true);
  }

  /** Something that is not needed, or that costs nothing. */
  void litter(String where, String what, String how, @Nullable Repair repair) {
    add(where, what, how, repair, false);
  }

  private void add(String where, String what, String how, @Nullable Repair repair, boolean loss) {
    boolean repaired = false;
    String told = what;
    if (repairing && repair != null) {
      try {
        repair.run();
        repaired = true;
      } catch (VivariumException | IOException e) {
        told = what + " (it was not repaired: " + e.getMessage() + ")";
      }
    }
    all.add(new Finding(where, told, how, repaired, loss));
  }
}
