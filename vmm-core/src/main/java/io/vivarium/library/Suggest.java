package io.vivarium.library;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** "Did you mean": the nearest of some names by edit distance. */
public final class Suggest {
  private static final int FAR = 3;

  private Suggest() {}

  /** The nearest name, or null when none is near. */
  public static @Nullable String nearest(String typed, Collection<String> names) {
    String best = null;
    int bestDistance = FAR + 1;
    for (String name : names) {
      int distance = distance(typed, name);
      if (name.startsWith(typed) && typed.length() >= 2) {
        distance = Math.min(distance, 1);
      }
      if (distance < bestDistance && distance < Math.max(2, name.length())) {
        best = name;
        bestDistance = distance;
      }
    }
    return best;
  }

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, 1 + Math.min(above, row[j - 1]));
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
