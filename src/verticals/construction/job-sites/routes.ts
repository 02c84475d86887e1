import { Elysia, t } from "elysia";
import { memberContext } from "../../../platform/http/context.ts";
import { operation, problems } from "../../../platform/http/operation.ts";
import { IdPath } from "../../../platform/http/shape.ts";
import { answerOnce, created } from "../answer.ts";
import type { ConstructionParts } from "../work.ts";
import * as service from "./service.ts";
import { JobSiteChanges, JobSitePage, JobSiteQuery, JobSiteShown, NewJobSite } from "./shapes.ts";

const tag = "job sites";

export function jobSiteRoutes(parts: ConstructionParts) {
  const { uow } = parts;
  return new Elysia({ name: "construction-job-sites", prefix: "/job-sites", normalize: false })
    .use(memberContext)
    .get("", ({ work_context, query }) => uow.run(work_context, (work) => service.listJobSites(work, query)), {
      query: JobSiteQuery,
      response: { 200: JobSitePage },
      detail: operation("List job sites by name", { tag }),
    })
    .post(
      "",
      (context) =>
        answerOnce(parts, context, async (work) => {
          const site = await service.createJobSite(work, context.body);
          return created(`job-sites/${site.id}`, site);
        }),
      {
        body: NewJobSite,
        response: { 201: JobSiteShown },
        detail: operation("Make a job site of a customer", { tag, idempotent: true, problems: problems(404, 409) }),
      },
    )
    .get("/:id", ({ work_context, params }) => uow.run(work_context, (work) => service.getJobSite(work, params.id)), {
      params: IdPath,
      response: { 200: JobSiteShown },
      detail: operation("Get a job site", { tag, problems: problems(404) }),
    })
    .patch(
      "/:id",
      ({ work_context, params, body }) => uow.run(work_context, (work) => service.updateJobSite(work, params.id, body)),
      {
        params: IdPath,
        body: JobSiteChanges,
        response: { 200: JobSiteShown },
        detail: operation("Change a job site", { tag, problems: problems(404, 409) }),
      },
    )
    .delete(
      "/:id",
      async ({ work_context, params, set }) => {
        await uow.run(work_context, (work) => service.deleteJobSite(work, params.id));
        set.status = 204;
      },
      {
        params: IdPath,
        response: { 204: t.Void({ description: "The job site is gone." }) },
        detail: operation("Delete a job site that nothing refers to", { tag, problems: problems(404, 409) }),
      },
    );
}
