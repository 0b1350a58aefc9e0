using Verso.Engine.Tests.Model;

namespace Verso.Engine.Tests.Conformance;

/// <summary>At the end every page of every address space is read, by a real access.</summary>
internal static class EndReads
{
    /// <summary>Reads them; the first difference from the model as text, or null.</summary>
    /// <param name="driver">The machine.</param>
    /// <param name="model">The model, which takes the same reads.</param>
    /// <param name="unreadable">How many pages could not be read.</param>
    public static string? Compare(EngineStage driver, AbstractModel model, out int unreadable)
    {
        unreadable = 0;
        foreach (char mm in model.Mms.ToArray())
        {
            foreach (long page in model.PagesOf(mm).ToArray())
            {
                Op op = new(OpKind.Read, mm) { Start = page };
                Outcome seen = driver.Do(op);
                unreadable += seen.Fault == FaultOutcome.Done ? 0 : 1;
                model.Apply(op, seen);
                if (seen != model.Expected)
                {
                    return $"at the end {op}: {seen}, expected {model.Expected}";
                }
            }
        }

        return null;
    }
}
